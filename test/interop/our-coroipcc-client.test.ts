import { outlivesCServers, worksWithCServers } from './our-client.js';

worksWithCServers('coroipcc');
outlivesCServers('coroipcc');
