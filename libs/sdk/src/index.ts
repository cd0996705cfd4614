export * from './public.js';
export * from './quote-channel.js';
