export * from './caller.js';
export * from './channel.js';
export * from './connection.js';
export * from './errors.js';
export * from './hub.js';
export * from './session.js';
