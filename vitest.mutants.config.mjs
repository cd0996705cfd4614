import { defineConfig } from 'vitest/config';

/** Unit specs of one area, for mutation testing: `scripts/mutants.mjs` names them. */
export default defineConfig({
  test: {
    environment: 'node',
    include: (process.env.ZKRISK_MUTANT_SPECS ?? '').split(','),
    setupFiles: ['dist/test/support/property-seed.js'],
    testTimeout: 60_000,
    // A mutant is switched on by a variable: modules need not be loaded again for each.
    isolate: false,
  },
});
