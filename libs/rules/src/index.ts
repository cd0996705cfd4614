export * from './built-rule.js';
export * from './environment.js';
export * from './graph.js';
export * from './manifest.js';
export { type Integers, runProgram, type RuleProgram } from './program.js';
export * from './rails.js';
export * from './rule-secrets.js';
export * from './rule-statement.js';
export * from './simulate.js';
