export * from './fast-ica.js';
export * from './go-garch.js';
export * from './principal-components.js';
export * from './rotation-likelihood.js';
