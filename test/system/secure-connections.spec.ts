import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  chownSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kafkaConnection, kafkaEnvironment, KafkaJsBroker } from '#lib/events';
import { readConfig } from '#lib/service';
import { dataSourceOptions } from '#lib/storage';
import { startTestDatabaseServer } from '../support/database.js';
import { noKafka, saslPlain, startTestBroker, type TestBroker } from '../support/kafka.js';

const missing =
  spawnSync('openssl', ['version']).status === 0
    ? noKafka()
    : 'there is no openssl to make certificates with';
if (missing !== undefined) console.warn(`connections over TLS are not tested: ${missing}`);

/** A certificate of 127.0.0.1 that signs itself, with its key. */
function certificate(folder: string, name: string): { cert: string; key: string } {
  const [cert, key] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
  const made = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1'],
    ...['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert],
  ]);
  if (made.status !== 0) throw new Error(made.stderr.toString());
  return { cert, key };
}

describe.skipIf(missing !== undefined)('connections over TLS', () => {
  let folder: string;
  let right: { cert: string; key: string };
  let wrong: { cert: string; key: string };
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'zkrisk-tls-'));
    right = certificate(folder, 'right');
    wrong = certificate(folder, 'wrong');
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  describe('to Kafka, with a name and a password', () => {
    let broker: TestBroker | undefined;
    beforeAll(async () => {
      const keystore = join(folder, 'broker.pem');
      writeFileSync(keystore, readFileSync(right.key, 'utf8') + readFileSync(right.cert, 'utf8'));
      broker = await startTestBroker({
        properties: (address, controller) => ({
          ...saslPlain('SASL_SSL', ['zkrisk'], address, controller),
          'ssl.keystore.type': 'PEM',
          'ssl.keystore.location': keystore,
          'ssl.truststore.type': 'PEM',
          'ssl.truststore.location': right.cert,
        }),
      });
    }, 60_000);
    afterAll(() => broker?.remove());

    const connect = (settings: Record<string, string>) => {
      const config = readConfig(kafkaEnvironment, {
        ...{ KAFKA_BROKERS: broker!.address, KAFKA_TLS: 'on', KAFKA_TLS_CA: right.cert },
        ...{ KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_USERNAME: 'zkrisk', KAFKA_SASL_PASSWORD: 'of-zkrisk' },
        ...settings,
      });
      return new KafkaJsBroker(kafkaConnection(config, 'test')!);
    };
    const topic = { topic: 'sealed', partitions: 1, config: {} };
    const attempt = async (settings: Record<string, string>) => {
      const client = connect(settings);
      try {
        await client.ensureTopics([topic]);
        await client.send('sealed', [{ key: 'k', partition: 0, value: 'v', headers: {} }]);
        return (await client.offsets('sealed'))[0].high;
      } finally {
        await client.close();
      }
    };

    it('hold where all is right, and where the password is in a file', async () => {
      expect(await attempt({})).toBe(1n);
      const file = join(folder, 'password');
      writeFileSync(file, 'of-zkrisk\n');
      const config = readConfig(kafkaEnvironment, {
        ...{ KAFKA_BROKERS: broker!.address, KAFKA_SASL_MECHANISM: 'plain', KAFKA_SASL_PASSWORD_FILE: file },
      });
      expect(config.KAFKA_SASL_PASSWORD).toBe('of-zkrisk');
    }, 30_000);

    it('do not come about with another password, another authority, or none', async () => {
      await expect(attempt({ KAFKA_SASL_PASSWORD: 'of-nobody' })).rejects.toThrow(/[Aa]uthentication/);
      await expect(attempt({ KAFKA_TLS_CA: wrong.cert })).rejects.toThrow(/certificate/);
      await expect(attempt({ KAFKA_TLS: 'off' })).rejects.toThrow();
    }, 60_000);
  });

  it('to PostgreSQL: its certificate is checked', async () => {
    const server = await startTestDatabaseServer();
    try {
      const admin = await server.connect();
      const data = join(server.directory, 'postgres');
      const { uid, gid } = statSync(data);
      for (const [from, to] of [
        [right.cert, 'server.crt'],
        [right.key, 'server.key'],
      ]) {
        copyFileSync(from, join(data, to));
        chmodSync(join(data, to), 0o600);
        chownSync(join(data, to), uid, gid);
      }
      await admin.query('alter system set ssl = on');
      await admin.destroy();
      await server.restart();
      const over = async (caFile: string) => {
        const database = await new DataSource(dataSourceOptions(server.url, { caFile })).initialize();
        try {
          return await database.query<{ ssl: boolean }[]>(
            'select ssl from pg_stat_ssl where pid = pg_backend_pid()',
          );
        } finally {
          await database.destroy();
        }
      };
      expect(await over(right.cert)).toEqual([{ ssl: true }]);
      await expect(over(wrong.cert)).rejects.toThrow(/certificate/);
    } finally {
      await server.stop();
    }
  }, 60_000);
});
