// Prints the C++ sources of the rooms of native/ that are named, for binding.gyp.
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const sources = process.argv
  .slice(2)
  .flatMap((room) =>
    readdirSync(`${root}native/${room}`, { recursive: true }).map(
      (file) => `native/${room}/${file}`,
    ),
  )
  .filter((file) => file.endsWith('.cc'))
  .sort();
console.log(sources.join('\n'));
