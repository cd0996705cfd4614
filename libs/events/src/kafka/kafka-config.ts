import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { canCompress, type Codec, CODECS } from './wire/compression.js';

const path = z.string().min(1);

/** Clients that Broker is implemented over. */
export const KAFKA_CLIENTS = ['kafkajs', 'platformatic'] as const;
export type KafkaClient = (typeof KAFKA_CLIENTS)[number];

/** Environment of every process that speaks Kafka. */
export const kafkaEnvironment = z.object({
  KAFKA_BROKERS: z
    .string()
    .optional()
    .describe('host:port of brokers, comma-separated; without it, messages stay in tables of the database'),
  KAFKA_CLIENT: z
    .enum(KAFKA_CLIENTS)
    .default('kafkajs')
    .describe('the library that speaks to the brokers; platformatic needs brokers of 3.5 or later'),
  KAFKA_PREFIX: z
    .string()
    .regex(/^[\w.-]*$/, 'must be letters, digits and ._-')
    .default('')
    .describe('put before the name of every topic and group, where several engines share a cluster'),
  KAFKA_REPLICATION: z.coerce
    .number()
    .int()
    .min(1)
    .default(1)
    .describe('replicas of the topics that are created'),
  TOPIC_PARTITIONS: z.coerce
    .number()
    .int()
    .min(1)
    .max(1000)
    .default(1)
    .describe('partitions of keyed topics; once the topics are there, zkrisk topics repartition changes it'),
  TOPIC_RETENTION_DAYS: z.coerce
    .number()
    .positive()
    .optional()
    .describe('upper limit of how long topics are kept; with one, nothing older can be rebuilt from them'),
  KAFKA_TLS: z.enum(['on', 'off']).default('off').describe('whether brokers are spoken to over TLS'),
  KAFKA_TLS_CA: path.optional().describe('file with the certificates that are trusted, PEM'),
  KAFKA_TLS_CERTIFICATE: path.optional().describe('file with the client’s certificate, PEM'),
  KAFKA_TLS_KEY: path.optional().describe('file with the client’s key, PEM'),
  KAFKA_SASL_MECHANISM: z
    .enum(['plain', 'scram-sha-256', 'scram-sha-512'])
    .optional()
    .describe('how the client says who it is'),
  KAFKA_COMPRESSION: z
    .enum(CODECS)
    .default('lz4')
    .refine(canCompress, 'zstd is written from Node 22.15 on')
    .describe('how what is sent is compressed; every codec is read. zstd takes Node 22.15'),
  KAFKA_CLOUD_EVENTS: z
    .enum(['on', 'off'])
    .default('off')
    .describe(
      'whether what is sent carries the headers of a CloudEvent (binary content mode); values stay as they are',
    ),
  KAFKA_SASL_USERNAME: z.string().optional().describe('its name'),
  KAFKA_SASL_PASSWORD: z
    .string()
    .optional()
    .describe('its password; or KAFKA_SASL_PASSWORD_FILE')
    .meta({ secret: true }),
});
export type KafkaEnvironment = z.output<typeof kafkaEnvironment>;

/** How brokers are reached. */
export interface KafkaConnection {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly compression?: Codec;
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  readonly sasl?: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
    readonly username: string;
    readonly password: string;
  };
}

/** The connection a configuration describes; undefined where it names no brokers. */
export function kafkaConnection(config: KafkaEnvironment, clientId: string): KafkaConnection | undefined {
  const brokers = config.KAFKA_BROKERS?.split(',')
    .map((broker) => broker.trim())
    .filter((broker) => broker !== '');
  if (brokers === undefined || brokers.length === 0) return undefined;
  const read = (file: string | undefined) => (file === undefined ? undefined : readFileSync(file, 'utf8'));
  const { KAFKA_SASL_MECHANISM: mechanism, KAFKA_SASL_USERNAME = '', KAFKA_SASL_PASSWORD = '' } = config;
  return {
    brokers,
    clientId,
    compression: config.KAFKA_COMPRESSION,
    ...(config.KAFKA_TLS === 'off'
      ? {}
      : {
          tls: {
            ca: read(config.KAFKA_TLS_CA),
            cert: read(config.KAFKA_TLS_CERTIFICATE),
            key: read(config.KAFKA_TLS_KEY),
          },
        }),
    ...(mechanism === undefined
      ? {}
      : { sasl: { mechanism, username: KAFKA_SASL_USERNAME, password: KAFKA_SASL_PASSWORD } }),
  };
}
