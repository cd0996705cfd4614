export * from './binance.js';
export * from './coinbase.js';
export { FrameError } from './frame.js';
export * from './kraken.js';
export * from './tick-gate.js';
export * from './venue.js';
export * from './venue-connection.js';
export * from './venue-markets.js';
