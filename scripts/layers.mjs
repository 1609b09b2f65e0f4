// Checks that includes and imports only go downwards: sys <- ring <- wire <- server, client <- js
// in native/, core <- adapters in packages/. Names the file, the line and the rule that is broken.
import { nativeViolations } from './layers/native.mjs';
import { typescriptViolations } from './layers/typescript.mjs';
import { root } from './run.mjs';

const violations = [...nativeViolations(root), ...typescriptViolations(root)];
for (const { file, line, rule } of violations) console.error(`${file}:${line}: ${rule}`);
process.exitCode = violations.length === 0 ? 0 : 1;
