export * from './data-source.js';
export * from './database-lease.js';
export * from './embedded-postgres.js';
export * from './entities/index.js';
export * from './insert-rows.js';
export * from './notifications.js';
export * from './open-transaction.js';
export * from './service-state.js';
export * from './monthly-partitions.js';
export * from './text-list.js';
export {
  allDone,
  BEGIN,
  COMMIT,
  deferWrites,
  flushOwnStatements,
  flushStatements,
  flushWrites,
  sendStatements,
  sendTogether,
  type StateText,
  type Statement,
  write,
  writeRows,
} from './transaction-writes.js';
