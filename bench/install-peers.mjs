// Installs what the library is compared with: from Debian's packages and from npm, as far as it is
// not there. npm's lie in a folder of their own, which is no part of the workspace.
import { existsSync } from 'node:fs';
import { at, run } from '../scripts/run.mjs';

const PACKAGES = ['libqb-dev', 'libzmq3-dev', 'iceoryx', 'libiceoryx-posh-dev'];
const NODE_PEERS = 'bench/peers/node';

// biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's own way to name a field
const FORMAT = '-f=${db:Status-Status}';

const shown = { out: 'stderr' };

async function isInstalled(name) {
  const { code, out } = await run('dpkg-query', ['-W', FORMAT, name], {
    out: 'text',
    errors: 'text',
  });
  return code === 0 && out === 'installed';
}

async function fromDebian() {
  const installed = await Promise.all(PACKAGES.map(isInstalled));
  const missing = PACKAGES.filter((_, index) => !installed[index]);
  if (missing.length === 0) return [];
  const [program, ...asRoot] = process.getuid() === 0 ? ['apt-get'] : ['sudo', '-E', 'apt-get'];
  const aptGet = async (...args) => {
    const env = { DEBIAN_FRONTEND: 'noninteractive' };
    return (await run(program, [...asRoot, ...args], { ...shown, env })).code === 0;
  };
  if (!(await aptGet('update', '-qq'))) return ['apt-get update failed'];
  // One by one: what one release does not have shall not keep the others away.
  const complaints = [];
  for (const name of missing) {
    const done = await aptGet('install', '-y', '-qq', '--no-install-recommends', name);
    if (!done) complaints.push(`the package ${name} could not be installed`);
  }
  return complaints;
}

async function fromNpm() {
  if (!existsSync(at(`${NODE_PEERS}/package.json`))) return [];
  const args = ['ci', '--prefix', NODE_PEERS, '--no-audit', '--no-fund', '--loglevel=error'];
  const { code } = await run('npm', args, shown);
  return code === 0 ? [] : [`npm ci in ${NODE_PEERS} failed`];
}

/** One line for everything that could not be installed. */
export async function installPeers() {
  return [...(await fromDebian()), ...(await fromNpm())];
}
