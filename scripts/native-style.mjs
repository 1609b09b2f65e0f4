// Checks that the C and C++ sources are formatted as .clang-format says; with --write, formats
// them. Where clang-format is not installed, says so and passes: CI has it.
import { files, isGenerated } from './files.mjs';
import { run } from './run.mjs';

const sources = ['native', 'test', 'bench', 'examples']
  .flatMap((path) => files(path))
  .filter((path) => /\.(c|h|cc)$/.test(path) && !isGenerated(path));

const { code } = await run('clang-format', ['--version'], { out: 'text', errors: 'text' });
if (code === 127) {
  console.log('clang-format is missing: the formatting of C and C++ was not checked');
} else if (sources.length > 0) {
  const mode = process.argv.includes('--write') ? ['-i'] : ['--dry-run', '-Werror'];
  const result = await run('clang-format', [...mode, '--style=file', ...sources]);
  if (result.code !== 0) console.error('format them with: npm run format');
  process.exitCode = result.code;
}
