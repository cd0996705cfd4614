import { defineConfig } from 'vitest/config';

// Tests run on the compiled code: what is tested is what ships.
export default defineConfig({
  test: {
    environment: 'node',
    include: ['dist/**/*.spec.js', 'libs/osqp-wasm/dist/**/*.spec.js'],
    exclude: ['**/node_modules/**'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
  },
});
