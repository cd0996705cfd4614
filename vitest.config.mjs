import { defineConfig } from 'vitest/config';
import { PROVING_KEYS } from './scripts/proving-keys.mjs';

/** Specs run on the compiled code, so that the tested code is the shipped code. docs/internals/testing.md describes the projects. */
export default defineConfig({
  test: {
    environment: 'node',
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    setupFiles: ['dist/test/support/property-seed.js'],
    env: { ZKRISK_PROVING_KEYS: PROVING_KEYS },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          // These specs leave nothing behind in a process: loading every module anew for each file took half of the time.
          isolate: false,
          restoreMocks: true,
          include: [
            'dist/{libs,apps}/**/*.spec.js',
            'dist/test/support/*.spec.js',
            'dist/test/adversary/witness/*.spec.js',
            'dist/test/adversary/*.spec.js',
            'libs/osqp-wasm/dist/**/*.spec.js',
            // Bundled, not compiled: its specs run on the sources.
            'apps/web/src/**/*.spec.ts',
          ],
          exclude: ['**/node_modules/**', '**/*.proof.spec.js'],
        },
      },
      {
        extends: true,
        test: {
          name: 'service',
          // A wait for a condition ends before (`eventually`, 50 s), with its name.
          testTimeout: 120_000,
          include: ['dist/test/service/**/*.spec.js', 'dist/test/adversary/service/*.spec.js'],
          globalSetup: 'dist/test/support/shared-database.js',
        },
      },
      {
        extends: true,
        test: {
          name: 'system',
          testTimeout: 180_000,
          include: ['dist/test/system/**/*.spec.js', 'dist/test/adversary/system/*.spec.js'],
          globalSetup: 'dist/test/support/shared-database.js',
          // Several processes and a broker run in each file: time limits would not hold beside another file.
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'proof',
          include: [
            'dist/test/proof/**/*.spec.js',
            'dist/libs/**/*.proof.spec.js',
            'dist/test/adversary/witness/*.proof.spec.js',
          ],
          globalSetup: 'dist/test/support/shared-database.js',
        },
      },
    ],
  },
});
