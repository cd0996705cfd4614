import { type CustomTransportStrategy, Server } from '@nestjs/microservices';
import type { DataSource } from 'typeorm';
import type { EventLog } from './event-log.js';
import type { LaneOwners } from './lane.js';

/** Common part of Nest's transports over a log: the log, its consumers' database, and who owns which lane. */
export abstract class LogServer<Log extends EventLog> extends Server implements CustomTransportStrategy {
  constructor(
    protected readonly log: Log,
    protected readonly database: DataSource,
    protected readonly owners: LaneOwners,
  ) {
    super();
  }

  listen(callback: (error?: unknown) => void): void {
    this.open().then(() => {
      callback();
    }, callback);
  }

  /** Begins to consume. */
  protected abstract open(): Promise<void>;
  /** Ends after the batches in work. */
  abstract override close(): Promise<void>;

  on(): unknown {
    return this;
  }

  unwrap<T>(): T {
    return this.log as unknown as T;
  }
}
