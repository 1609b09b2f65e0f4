// Many connections of one client process.

const AT_ONCE = 16;
const SMALL = { requestBytes: 4096, responseBytes: 4096, dispatchBytes: 4096 };

/** `count` connections of small buffers, opened a few at a time; `connect` opens one. */
export async function connectMany(connect, count, buffers = {}) {
  const clients = [];
  let left = count;
  const lane = async () => {
    while (left > 0) {
      left -= 1;
      clients.push(await connect({ ...SMALL, ...buffers }));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return clients;
}

export const closeAll = (clients) => Promise.all(clients.map((client) => client.close()));
