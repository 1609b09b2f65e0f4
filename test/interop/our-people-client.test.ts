import { outlivesCServers, worksWithCServers } from './our-client.js';

worksWithCServers('people');
outlivesCServers('people');
