// Writes the status list of both languages from native/status.json, the one source of truth.
// With --check it writes nothing and fails when a generated file is out of date.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const statuses = JSON.parse(readFileSync(at('native/status.json'), 'utf8'));

const constant = (name) =>
  `k${name
    .toLowerCase()
    .split('_')
    .map((word) => word[0].toUpperCase() + word.slice(1))
    .join('')}`;

const header = `// Made from native/status.json by scripts/generate-status.mjs: change that file, then run
// \`npm run generate\`.
#pragma once

namespace coroipc {

// The outcome of an operation, with the numbers that travel on the wire (corosync's cs_error_t).
enum class Status : int {
${statuses.map(({ name, code }) => `  ${constant(name)} = ${code},`).join('\n')}
};

}  // namespace coroipc
`;

const module = `// Made from native/status.json by scripts/generate-status.mjs: change that file, then run
// \`npm run generate\`.

/** Statuses by name, with the numbers that travel on the wire (corosync's cs_error_t). */
export const CS = {
${statuses.map(({ name, code, text }) => `  /** ${code}: ${text}. */\n  ${name}: ${code},`).join('\n')}
} as const;

/** The name of a status, without its \`CS_\` prefix. */
export type StatusName = keyof typeof CS;

/** The number of a status. */
export type Status = (typeof CS)[StatusName];

const TEXTS: Readonly<Record<StatusName, string>> = {
${statuses.map(({ name, text }) => `  ${name}: '${text.replaceAll("'", "\\'")}',`).join('\n')}
};

const NAMES: ReadonlyMap<number, StatusName> = new Map(
  (Object.keys(CS) as StatusName[]).map((name) => [CS[name], name]),
);

/** The name of a status number (\`'ERR_TRY_AGAIN'\`), or \`undefined\` for a number that has none. */
export function statusName(status: number): StatusName | undefined {
  return NAMES.get(status);
}

/** What a status means, in a few words, for an error's message. */
export function statusText(status: number): string {
  const name = NAMES.get(status);
  return name === undefined ? \`unknown status \${status}\` : TEXTS[name];
}
`;

const outputs = [
  ['native/status.gen.h', header],
  ['packages/core/src/status.ts', module],
];

const stale = outputs.filter(([path, text]) => {
  try {
    return readFileSync(at(path), 'utf8') !== text;
  } catch {
    return true;
  }
});

if (process.argv.includes('--check')) {
  for (const [path] of stale)
    console.error(`${path} is not what native/status.json makes: run npm run generate`);
  process.exitCode = stale.length === 0 ? 0 : 1;
} else {
  for (const [path, text] of stale) writeFileSync(at(path), text);
}
