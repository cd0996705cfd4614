export * from './arguments.js';
export { newProgram, runProgram } from './run-program.js';
export { UsageError } from './usage-error.js';
