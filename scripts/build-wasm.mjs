// Compiles the named C sources ("osqp", or the name of a kernel) to WebAssembly in one process, so that the compiler is loaded once.
import { buildOsqp } from '../libs/osqp-wasm/build.mjs';
import { buildKernel } from './native-kernel.mjs';

for (const name of process.argv.slice(2)) await (name === 'osqp' ? buildOsqp() : buildKernel(name));
