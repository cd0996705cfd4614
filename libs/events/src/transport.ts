import type { CustomTransportStrategy, Server } from '@nestjs/microservices';
import type { DataSource } from 'typeorm';
import { EmbeddedLog } from './embedded/embedded-log.js';
import { EmbeddedLogServer } from './embedded/embedded-log.server.js';
import type { EventLog } from './event-log.js';
import { KafkaLog } from './kafka/kafka-log.js';
import { KafkaLogServer } from './kafka/kafka-log.server.js';
import type { LaneOwners } from './lane.js';

/** Nest's transport over a log. */
export function transportOf(
  log: EventLog,
  database: DataSource,
  owners: LaneOwners,
): Server & CustomTransportStrategy {
  if (log instanceof KafkaLog) return new KafkaLogServer(log, database, owners);
  if (log instanceof EmbeddedLog) return new EmbeddedLogServer(log, database, owners);
  throw new Error(`no transport for ${log.constructor.name}`);
}
