export * from './channels.js';
export * from './client-messages.js';
export * from './merge-patch.js';
export * from './server-messages.js';
