import kafkajs, { type AclEntry, type AclOperationTypes, Kafka, logLevel } from 'kafkajs';
import { OUTSIDERS } from '#lib/messages';
import { accessLists } from '../../apps/zkrisk/src/reference/asyncapi.js';
import { saslPlain, startTestBroker, type TestBroker } from './kafka.js';

// Named exports of its enumerations are not seen by Node.
const { AclOperationTypes: Operation, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;

/** Principals of the access lists: outsiders, and the services. */
export const ROLES = [...OUTSIDERS, 'zkrisk'];
const OPERATIONS: Record<string, AclOperationTypes> = {
  All: Operation.ALL,
  Read: Operation.READ,
  Write: Operation.WRITE,
  Describe: Operation.DESCRIBE,
  IdempotentWrite: Operation.IDEMPOTENT_WRITE,
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
  if (operations.includes(undefined as never)) throw new Error(`unknown operation: ${command}`);
  return operations.map((operation) => ({
    ...{ resourceType: TYPES[type], resourceName: type === 'cluster' ? 'kafka-cluster' : name },
    resourcePatternType: command.includes('--resource-pattern-type prefixed')
      ? ResourcePatternTypes.PREFIXED
      : ResourcePatternTypes.LITERAL,
    ...{ principal, host: '*', operation, permissionType: AclPermissionTypes.ALLOW },
  }));
}

/** How a principal connects to a secured broker. */
export function credentialsOf(address: string, username: string) {
  return {
    ...{ brokers: [address], clientId: username },
    sasl: { mechanism: 'plain', username, password: `of-${username}` } as const,
  };
}

/** A broker that authenticates its clients, with the grants of docs/reference/access-lists.md. Services make the topics. */
export async function startSecuredBroker(): Promise<TestBroker> {
  const broker = await startTestBroker({
    properties: (address, controller) => ({
      ...saslPlain('SASL_PLAINTEXT', ROLES, address, controller),
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      // The controller's own listener authenticates nobody.
      'super.users': 'User:broker;User:ANONYMOUS',
    }),
  });
  const admin = new Kafka({
    ...credentialsOf(broker.address, 'broker'),
    logLevel: logLevel.NOTHING,
  }).admin();
  await admin.connect();
  const commands = accessLists()
    .split('\n')
    .filter((line) => line.startsWith('kafka-acls.sh'));
  if (commands.length <= 15) throw new Error(`there are only ${commands.length} access lists`);
  await admin.createAcls({ acl: commands.flatMap(grantsOf) });
  await admin.disconnect();
  return broker;
}
