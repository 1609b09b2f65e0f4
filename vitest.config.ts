// The suites. Every one is a project of its own: `vitest run --project unit`. A test waits for a
// condition; the time limits here only end what hangs.
import { defineConfig } from 'vitest/config';

const limits = { testTimeout: 120_000, hookTimeout: 120_000 };

function project(
  name: string,
  include: string[],
  options: { serial?: boolean; env?: Record<string, string> } = {},
) {
  const { serial = false, env = {} } = options;
  return {
    test: {
      name,
      include,
      env,
      ...limits,
      pool: 'forks' as const,
      retry: 0,
      // What was expected is of use only whole.
      chaiConfig: { truncateThreshold: 0 },
      maxWorkers: serial ? 1 : 2,
      fileParallelism: !serial,
      // Projects of different numbers of workers do not run at the same time.
      sequence: { groupOrder: serial ? 1 : 0 },
      // What was built is loaded by Node itself, as it will be where it is used.
      server: { deps: { external: [/\/packages\/[^/]+\/dist\//] } },
    },
  };
}

export default defineConfig({
  test: {
    projects: [
      project('unit', [
        'packages/*/src/**/*.test.ts',
        'scripts/**/*.test.mjs',
        'examples/**/*.test.mjs',
        'bench/**/*.test.mjs',
      ]),
      project('conformance', ['test/conformance/**/*.test.ts']),
      project('property', ['test/property/**/*.test.ts']),
      // Small messages go past the core from the first one on, since few tests send enough for it
      // otherwise.
      project('process', ['test/process/**/*.test.ts', 'test/soak/**/*.test.mjs'], {
        env: { COROIPC_DIRECT_AFTER: process.env['COROIPC_DIRECT_AFTER'] ?? '1' },
      }),
      // These starve processes of their own, and measure what one uses of a CPU.
      project('resources', ['test/resources/**/*.test.ts'], { serial: true }),
      project('interop', ['test/interop/**/*.test.ts']),
      project('faults', ['test/faults/**/*.test.ts']),
    ],
  },
});
