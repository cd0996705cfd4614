import { type DynamicModule, Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { EmbeddedLog } from './embedded/embedded-log.js';
import { EventLog } from './event-log.js';
import { withCloudEvents } from './kafka/cloud-events.js';
import { connectBroker } from './kafka/kafka-client.js';
import { type KafkaEnvironment, kafkaConnection } from './kafka/kafka-config.js';
import { KafkaLog } from './kafka/kafka-log.js';
import { LaneOwners } from './lane.js';
import { ALL_TOPICS } from '#lib/messages';

/** Makes the log available to every service of the process: on Kafka where the configuration names brokers. */
@Module({})
export class EventsModule {
  static register(
    config: KafkaEnvironment,
    clientId: string,
    options: { relay: boolean } = { relay: true },
  ): DynamicModule {
    return {
      module: EventsModule,
      global: true,
      providers: [
        LaneOwners,
        {
          provide: EventLog,
          inject: [DataSource],
          useFactory: (database: DataSource) => openLog(config, clientId, database, options),
        },
      ],
      exports: [EventLog, LaneOwners],
    };
  }
}

/** The log a configuration describes, ready to be used. */
export async function openLog(
  config: KafkaEnvironment,
  clientId: string,
  database: DataSource,
  options: { relay: boolean; check?: boolean } = { relay: true },
): Promise<EventLog> {
  const connection = kafkaConnection(config, clientId);
  if (connection === undefined) return new EmbeddedLog(database, ALL_TOPICS, config.TOPIC_PARTITIONS);
  const client = await connectBroker(config.KAFKA_CLIENT, connection);
  const broker = config.KAFKA_CLOUD_EVENTS === 'on' ? withCloudEvents(client, config.KAFKA_PREFIX) : client;
  const log = new KafkaLog(database, broker, ALL_TOPICS, {
    prefix: config.KAFKA_PREFIX,
    partitions: config.TOPIC_PARTITIONS,
    replication: config.KAFKA_REPLICATION,
    retentionDays: config.TOPIC_RETENTION_DAYS,
  });
  await log.open(options);
  return log;
}
