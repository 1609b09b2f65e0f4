// One connection that calls, alone and among 999 of the same server that do nothing.
import { closeAll, connectMany } from './many.mjs';
import { syncCall } from './sync-call.mjs';

export async function hotAmong1000({ connect }, effort) {
  const [client] = await connectMany(connect, 1);
  const alone = syncCall({ client }, effort);
  const idle = await connectMany(connect, 999);
  const among = syncCall({ client }, effort);
  await closeAll([client, ...idle]);
  return [
    { variant: 'alone', ...alone },
    { variant: 'among 1000', ...among },
  ];
}
