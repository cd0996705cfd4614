import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KafkaJsBroker } from '#lib/events';
import { ALL_TOPICS, OUTSIDERS } from '#lib/messages';
import { noKafka, type TestBroker } from '../support/kafka.js';
import { credentialsOf, ROLES, startSecuredBroker } from '../support/secured-broker.js';

// The commands of docs/reference/access-lists.md, given to a broker that asks who somebody is: each role writes its topics, and no other.

const missing = noKafka();
describe.skipIf(missing !== undefined)('access lists', () => {
  let broker: TestBroker;

  beforeAll(async () => {
    broker = await startSecuredBroker();
    const services = new KafkaJsBroker(credentialsOf(broker.address, 'zkrisk'));
    await services.ensureTopics(ALL_TOPICS.map(({ name }) => ({ topic: name, partitions: 1, config: {} })));
    await services.close();
  }, 120_000);
  afterAll(() => broker.remove());

  const record = [{ key: 'k', partition: 0, value: '{}', headers: {} }];

  it.each(ROLES)(
    '%s writes its own topics, and is refused the others',
    async (role) => {
      const client = new KafkaJsBroker(credentialsOf(broker.address, role));
      const written: string[] = [];
      for (const { name } of ALL_TOPICS)
        await client.sendFast(name, record).then(
          () => written.push(name),
          (error: unknown) => {
            expect(String(error)).toMatch(/[Nn]ot authorized/);
          },
        );
      await client.close();
      const own = ALL_TOPICS.filter(
        ({ outsiders }) => role === 'zkrisk' || outsiders?.includes(role as (typeof OUTSIDERS)[number]),
      );
      expect(written.sort()).toEqual(own.map(({ name }) => name).sort());
    },
    120_000,
  );
});
