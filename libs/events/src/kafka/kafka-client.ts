import type { Broker } from './broker.js';
import type { KafkaClient, KafkaConnection } from './kafka-config.js';
import { KafkaJsBroker } from './kafkajs-broker.js';

/** A broker over the client that is asked for; the other one is not loaded. docs/adr/0003 compares them. */
export async function connectBroker(client: KafkaClient, connection: KafkaConnection): Promise<Broker> {
  if (client === 'kafkajs') return new KafkaJsBroker(connection);
  const { PlatformaticBroker } = await import('./platformatic/platformatic-broker.js');
  return new PlatformaticBroker(connection);
}
