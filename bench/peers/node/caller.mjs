// The caller of a pair: node caller.mjs TRANSPORT SETTINGS. It connects to the server over the
// transport, and makes the measurements that it is asked for.
import { MEASURES } from './measures.mjs';

const [transport, settings] = process.argv.slice(2);
const { connect } = await import(`./transports/${transport}.mjs`);
const client = await connect(JSON.parse(settings));

process.on('message', async ({ measure, options }) => {
  try {
    process.send({ result: await MEASURES[measure](client, options) });
  } catch (error) {
    process.send({ error: error.stack });
  }
});
process.on('disconnect', () => process.exit());
process.send('ready');
