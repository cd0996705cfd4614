export * from './arguments.js';
export { LiveBlock } from './live-block.js';
export { newProgram, runProgram } from './run-program.js';
export { UsageError } from './usage-error.js';
