export * from './augmented-dickey-fuller.js';
export * from './benjamini-hochberg.js';
export * from './clusters.js';
export * from './engle-granger.js';
export * from './johansen.js';
export * from './mackinnon.js';
export * from './pair-moments.js';
