export * from './arguments.js';
export { LiveBlock } from './live-block.js';
export { type Progress, type ProgressOutput, ProgressScreen } from './progress-screen.js';
export { newProgram, runProgram } from './run-program.js';
export { UsageError } from './usage-error.js';
