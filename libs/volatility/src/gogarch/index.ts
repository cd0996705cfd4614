export * from './go-garch.js';
export * from './independent-components.js';
export * from './principal-components.js';
export * from './rotation-likelihood.js';
export * from './rotations.js';
