import {
  type AclEntry,
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  Kafka,
  logLevel,
  ResourcePatternTypes,
} from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KafkaJsBroker } from '#lib/events';
import { ALL_TOPICS, OUTSIDERS } from '#lib/messages';
import { accessLists } from '../../apps/zkrisk/src/reference/asyncapi.js';
import { noKafka, startTestBroker, type TestBroker } from '../support/kafka.js';

// The commands of docs/reference/access-lists.md, given to a broker that asks who somebody is: each role writes its topics, and no other.

const ROLES = [...OUTSIDERS, 'zkrisk'];
const OPERATIONS: Record<string, AclOperationTypes> = {
  All: AclOperationTypes.ALL,
  Read: AclOperationTypes.READ,
  Write: AclOperationTypes.WRITE,
  Describe: AclOperationTypes.DESCRIBE,
  IdempotentWrite: AclOperationTypes.IDEMPOTENT_WRITE,
};
const TYPES = {
  topic: AclResourceTypes.TOPIC,
  group: AclResourceTypes.GROUP,
  cluster: AclResourceTypes.CLUSTER,
};

/** The grants of a command of Kafka's own tool. */
function grantsOf(command: string): AclEntry[] {
  const principal = /--allow-principal (\S+)/.exec(command)![1];
  const operations = [...command.matchAll(/--operation (\S+)/g)].map(([, name]) => OPERATIONS[name]);
  const resource = /--(topic|group|cluster)(?: "?([^\s"]+)"?)?/.exec(
    command.replace(/--operation \S+/g, ''),
  )!;
  const [, type, name = 'kafka-cluster'] = resource as unknown as [string, keyof typeof TYPES, string?];
  expect(operations.every((operation) => operation !== undefined)).toBe(true);
  return operations.map((operation) => ({
    ...{ resourceType: TYPES[type], resourceName: type === 'cluster' ? 'kafka-cluster' : name },
    resourcePatternType: command.includes('--resource-pattern-type prefixed')
      ? ResourcePatternTypes.PREFIXED
      : ResourcePatternTypes.LITERAL,
    ...{ principal, host: '*', operation, permissionType: AclPermissionTypes.ALLOW },
  }));
}

const missing = noKafka();
describe.skipIf(missing !== undefined)('access lists', () => {
  let broker: TestBroker;
  const as = (username: string) => ({
    ...{ brokers: [broker.address], clientId: username },
    sasl: { mechanism: 'plain', username, password: `of-${username}` } as const,
  });

  beforeAll(async () => {
    const users = ['broker', ...ROLES].map((name) => `user_${name}="of-${name}"`).join(' ');
    broker = await startTestBroker({
      properties: (address, controller) => ({
        listeners: `SASL_PLAINTEXT://${address},CONTROLLER://${controller}`,
        'advertised.listeners': `SASL_PLAINTEXT://${address}`,
        'listener.security.protocol.map': 'SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT',
        'inter.broker.listener.name': 'SASL_PLAINTEXT',
        'sasl.enabled.mechanisms': 'PLAIN',
        'sasl.mechanism.inter.broker.protocol': 'PLAIN',
        'listener.name.sasl_plaintext.plain.sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required username="broker" password="of-broker" ${users};`,
        'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
        // The controller's own listener asks nobody who he is.
        'super.users': 'User:broker;User:ANONYMOUS',
      }),
    });
    const admin = new Kafka({ ...as('broker'), logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const commands = accessLists()
      .split('\n')
      .filter((line) => line.startsWith('kafka-acls.sh'));
    expect(commands.length).toBeGreaterThan(15);
    await admin.createAcls({ acl: commands.flatMap(grantsOf) });
    await admin.disconnect();
    const services = new KafkaJsBroker(as('zkrisk'));
    await services.ensureTopics(ALL_TOPICS.map(({ name }) => ({ topic: name, partitions: 1, config: {} })));
    await services.close();
  }, 120_000);
  afterAll(() => broker.remove());

  const record = [{ key: 'k', partition: 0, value: '{}', headers: {} }];

  it.each(ROLES)(
    '%s writes its own topics, and is refused the others',
    async (role) => {
      const client = new KafkaJsBroker(as(role));
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
