// Compiles the named C sources ("osqp", "reserves") to WebAssembly in one process, so that the compiler is loaded once.
import { buildOsqp } from '../libs/osqp-wasm/build.mjs';
import { buildKernel } from '../libs/pools/build.mjs';

const BUILDS = { osqp: buildOsqp, reserves: buildKernel };

for (const name of process.argv.slice(2)) await BUILDS[name]();
