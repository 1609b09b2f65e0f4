// Sends back what comes.
import { createServer } from 'node:net';

createServer((socket) => {
  socket.on('error', () => socket.destroy());
  socket.pipe(socket);
}).listen(`\0${process.argv[2]}`, () => process.send('ready'));
process.on('disconnect', () => process.exit());
