export * from './garch-fit.js';
export * from './garch-likelihood.js';
export * from './standard-errors.js';
export * from './variance-forecast.js';
