import { defineConfig } from 'vitest/config'

const conditions = ['@stockroom/source']

// oxlint-disable-next-line import/no-default-export -- vitest reads the default export
export default defineConfig({
  // Imports of @stockroom/* go to the sources, as they do under `node --conditions`.
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['packages/*/{src,tests}/**/*.test.ts', 'apps/*/{src,tests}/**/*.test.ts'],
    globalSetup: ['packages/local-mongo/src/vitest.ts'],
    typecheck: {
      enabled: true,
      include: ['packages/*/tests/**/*.test-d.ts'],
      tsconfig: 'packages/client/tests/tsconfig.types.json',
    },
    // Most tests wait for a database rather than for the processor; by default two cores get one worker.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
