// A loop that somebody has to run, driven from its first watch or job on, for as long as something
// keeps it alive: whoever knows it by the poll contract alone never sees the loop.

export function driven(loop, drive) {
  let driving = false;
  const start = () => {
    if (driving) return;
    driving = true;
    drive(loop).finally(() => {
      driving = false;
      // Something may have come while the end was on its way.
      if (loop.alive) start();
    });
  };
  const add = (fd, onReady) => {
    const handle = loop.pollDispatchAdd(fd, onReady);
    start();
    return handle;
  };
  return {
    name: loop.name,
    pollAcceptAdd: add,
    pollDispatchAdd: add,
    pollJobAdd: (job) => {
      loop.pollJobAdd(job);
      start();
    },
  };
}
