export * from './fixed-point.js';
export * from './margin-account.js';
export * from './year.js';
export * from './whole-text.js';
