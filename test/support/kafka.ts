import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { freePort } from '#lib/runtime';
import { eventually } from './database.js';
import { putInPlace } from './put-in-place.js';

const VERSION = '4.3.0';
/** Kafka's jars, Java's client among them; there once a broker was started. */
export const KAFKA_JARS = join(
  import.meta.dirname,
  '..',
  '..',
  '..',
  'node_modules',
  '.cache',
  'zkrisk',
  `kafka-${VERSION}`,
);

/** A Kafka broker of a test's own: one JVM in KRaft mode. */
export interface TestBroker {
  readonly address: string;
  readonly directory: string;
  /** stops it as an operator would; its data stay */
  stop(): Promise<void>;
  kill(): Promise<void>;
  start(): Promise<void>;
  /** kills it and removes its data */
  remove(): Promise<void>;
}

/** Why there can be no broker here; undefined where there can. */
export function noKafka(): string | undefined {
  if (spawnSync('java', ['-version']).status !== 0) return 'there is no Java';
  if (existsSync(KAFKA_JARS) || spawnSync('mvn', ['-version']).status === 0) return undefined;
  return 'there is no Maven to fetch Kafka with';
}

/** Kafka's jars, fetched once through Maven. */
function jars(): string {
  if (existsSync(KAFKA_JARS)) return KAFKA_JARS;
  const folder = mkdtempSync(join(tmpdir(), 'zkrisk-kafka-'));
  writeFileSync(
    join(folder, 'pom.xml'),
    `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>zkrisk</groupId><artifactId>test-broker</artifactId><version>1</version><packaging>pom</packaging>
<dependencies><dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${VERSION}</version></dependency></dependencies></project>`,
  );
  const fetched = spawnSync('mvn', ['-q', 'dependency:copy-dependencies', '-DoutputDirectory=jars'], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (fetched.status !== 0) throw new Error(`Kafka could not be fetched: ${fetched.stdout}${fetched.stderr}`);
  mkdirSync(join(KAFKA_JARS, '..'), { recursive: true });
  if (!existsSync(KAFKA_JARS)) {
    const copy = `${KAFKA_JARS}.${process.pid}`;
    spawnSync('cp', ['-r', join(folder, 'jars'), copy]);
    putInPlace(copy, KAFKA_JARS);
  }
  rmSync(folder, { recursive: true, force: true });
  return KAFKA_JARS;
}

export interface TestBrokerOptions {
  /** where clients are told to find it */
  readonly advertised?: string;
  /** further lines of server.properties, and listeners other than plain ones */
  readonly properties?: (address: string, controller: string) => Record<string, string>;
  readonly environment?: NodeJS.ProcessEnv;
  readonly javaOptions?: readonly string[];
}

/** Properties of a broker whose clients log in with a name and a password, `of-NAME`; `broker` is its own name. */
export function saslPlain(
  protocol: 'SASL_PLAINTEXT' | 'SASL_SSL',
  clients: readonly string[],
  address: string,
  controller: string,
): Record<string, string> {
  const users = ['broker', ...clients].map((name) => `user_${name}="of-${name}"`).join(' ');
  return {
    listeners: `${protocol}://${address},CONTROLLER://${controller}`,
    'advertised.listeners': `${protocol}://${address}`,
    'listener.security.protocol.map': `${protocol}:${protocol},CONTROLLER:PLAINTEXT`,
    'inter.broker.listener.name': protocol,
    'sasl.enabled.mechanisms': 'PLAIN',
    'sasl.mechanism.inter.broker.protocol': 'PLAIN',
    [`listener.name.${protocol.toLowerCase()}.plain.sasl.jaas.config`]: `org.apache.kafka.common.security.plain.PlainLoginModule required username="broker" password="of-broker" ${users};`,
  };
}

export async function startTestBroker(options: TestBrokerOptions = {}): Promise<TestBroker> {
  const folder = jars();
  const classPath = readdirSync(folder)
    .map((jar) => join(folder, jar))
    .join(':');
  const directory = mkdtempSync(join(tmpdir(), 'zkrisk-broker-'));
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const controller = `127.0.0.1:${await freePort()}`;
  const properties = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@${controller}`,
    listeners: `PLAINTEXT://${address},CONTROLLER://${controller}`,
    'advertised.listeners': `PLAINTEXT://${options.advertised ?? address}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': join(directory, 'data'),
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'share.coordinator.state.topic.replication.factor': '1',
    'share.coordinator.state.topic.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
    'auto.create.topics.enable': 'false',
    ...options.properties?.(address, controller),
  };
  const file = join(directory, 'server.properties');
  writeFileSync(
    file,
    Object.entries(properties)
      .map(([name, value]) => `${name}=${value}`)
      .join('\n'),
  );
  const log = openSync(join(directory, 'server.log'), 'a');
  const format = spawnSync(
    'java',
    ['-cp', classPath, 'kafka.tools.StorageTool', 'format', '-t', 'AAAAAAAAAAAAAAAAAAAAAQ', '-c', file],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', log] },
  );
  if (format.status !== 0) throw new Error(`Kafka's storage could not be formatted: ${format.stdout}`);
  let server: ChildProcess | undefined;
  const end = async (signal: NodeJS.Signals) => {
    const running = server;
    server = undefined;
    if (running?.exitCode !== null || running.signalCode !== null) return;
    const exit = once(running, 'exit');
    running.kill(signal);
    await exit;
  };
  const orphan = () => server?.kill('SIGKILL');
  process.once('exit', orphan);
  const start = async () => {
    const memory = ['-Xmx384m', '-Xms128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto'];
    server = spawn(
      'java',
      [...memory, ...(options.javaOptions ?? []), '-cp', classPath, 'kafka.Kafka', file],
      {
        stdio: ['ignore', log, log],
        env: { ...process.env, ...options.environment },
      },
    );
    for (let attempt = 0; !(await isOpen(port)); attempt++) {
      if (server.exitCode !== null || attempt > 1_200)
        throw new Error(
          `Kafka did not come up: ${readFileSync(join(directory, 'server.log'), 'utf8').slice(-2_000)}`,
        );
      await sleep(100);
    }
  };
  await start();
  return {
    address,
    directory,
    start,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    remove: async () => {
      process.removeListener('exit', orphan);
      await end('SIGKILL');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}

/** All that a topic holds, over its partitions, as any client reads it. */
export async function recordsOf(address: string, topic: string): Promise<{ key: string; value: string }[]> {
  const kafka = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  const ends = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  const count = ends.reduce((sum, { high, low }) => sum + Number(high) - Number(low), 0);
  const consumer = kafka.consumer({ groupId: `reader-${Math.random()}`, maxWaitTimeInMs: 50 });
  const records: { key: string; value: string }[] = [];
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await consumer.run({
    eachMessage: ({ message: { key, value } }) => {
      records.push({ key: String(key), value: String(value) });
      return Promise.resolve();
    },
  });
  await eventually(() => records.length >= count, `${count} records of ${topic}`);
  await consumer.disconnect();
  return records;
}
