// The server of a pair, where it is a process that nobody's parent is: node server.mjs TRANSPORT
// SETTINGS
const [transport, settings] = process.argv.slice(2);
const { serve } = await import(`./transports/${transport}.mjs`);
await serve(JSON.parse(settings));
process.on('disconnect', () => process.exit());
process.send('ready');
