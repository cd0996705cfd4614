export * from './answer.js';
export * from './consume.js';
export * from './consumer-offsets.js';
export * from './context.js';
export * from './dead-letter.js';
export * from './event-log.js';
export * from './embedded/embedded-log.js';
export * from './embedded/embedded-log.server.js';
export * from './kafka/broker.js';
export * from './kafka/kafka-client.js';
export * from './kafka/kafka-config.js';
export * from './kafka/kafka-log.js';
export * from './kafka/kafka-log.server.js';
export * from './kafka/kafkajs-broker.js';
export * from './kafka/outbox-relay.js';
export * from './kafka/rebuild.js';
export * from './kafka/repartition.js';
export * from './lag-clock.js';
export * from './lane.js';
export { type Cursor } from './handle-batch.js';
export { LaneUnit } from './lane-unit.js';
export * from './message-size.js';
export * from './kafka/topic-differences.js';
export { type PackedBatch, unpackBatch } from './kafka/wire/record-writer.js';

export * from './partitions.js';

export * from './record.js';
export * from './repair.js';

export * from './transport.js';
export * from './events.module.js';
export * from './wait-for-event.js';
