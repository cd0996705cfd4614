import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { startTestDatabase, startTestDatabaseServer, TEST_SERVER, type TestDatabase } from './database.js';
import { startTestBroker, type TestBroker } from './kafka.js';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.js';
import { quickParameters } from './quick-parameters.js';

export type ServiceName =
  'forecaster' | 'pricer' | 'liquidator' | 'historian' | 'prover' | 'settlement' | 'vault';

/** A service as a process of its own. */
export interface ServiceProcess {
  readonly name: ServiceName;
  readonly child: ChildProcess;
  /** where it listens */
  readonly url: string;
  /** all it has written */
  output(): string;
  /** sends a signal and waits until it has ended; its exit code, null where the signal has ended it */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** A replay in a process of its own. */
export interface ReplayProcess {
  readonly child: ChildProcess;
  /** its report; fails where it does */
  readonly done: Promise<{ bars: number; seconds: number }>;
  output(): string;
}

/** The engine as an exchange runs it: services in processes, a Kafka broker, a PostgreSQL server. */
export interface Topology {
  readonly database: TestDatabase;
  readonly broker: TestBroker;
  readonly connection: DataSource;
  readonly environment: NodeJS.ProcessEnv;
  /** between the services and the servers */
  readonly cables: { readonly database: TcpProxy; readonly broker: TcpProxy };
  /**
   * Restarts the database's server; `connection` is another one afterwards.
   *
   * @throws {Error} where other test files use the server
   */
  restartDatabase(downMs: number): Promise<void>;
  start(name: ServiceName, environment?: NodeJS.ProcessEnv): Promise<ServiceProcess>;
  replay(options: Readonly<Record<string, string | number>>): ReplayProcess;
  stop(): Promise<void>;
}

const apps = join(import.meta.dirname, '..', '..', 'apps');

/** A broker as it is run, not one that starts as fast and small as it can: its compiler, and the heap Kafka comes with. */
const MEASURED_BROKER = ['-XX:TieredStopAtLevel=4', '-Xms1g', '-Xmx1g', '-Xmn400m'];

/** Node's flags as the image has them. */
const MEASURED_NODE = ['--max-semi-space-size=32'];

/** A model after thirty bars. */
export const QUICK_MODEL: NodeJS.ProcessEnv = {
  FIRST_PARAMETERS: quickParameters(),
};

export interface TopologyOptions {
  /** where the database keeps its files; made, and removed, where it is left out */
  readonly databaseDirectory?: string;
  /** nothing goes through the cables: for measurements */
  readonly direct?: boolean;
  /** a broker other than the usual one; it is not behind a cable */
  readonly broker?: TestBroker;
}

export async function startTopology(
  environment: NodeJS.ProcessEnv = {},
  { databaseDirectory, direct = false, broker: given }: TopologyOptions = {},
): Promise<Topology> {
  // Brokers tell clients where they are: at the end of the cable.
  const brokerCable = await startTcpProxy(0);
  const shares = databaseDirectory === undefined && process.env[TEST_SERVER] !== undefined;
  const own = shares ? undefined : await startTestDatabaseServer(databaseDirectory);
  const [database, broker] = await Promise.all([
    own ?? startTestDatabase(),
    given ??
      startTestBroker(
        direct ? { javaOptions: MEASURED_BROKER } : { advertised: `127.0.0.1:${brokerCable.port}` },
      ),
  ]);
  brokerCable.leadTo(portOf(`tcp://${broker.address}`));
  const databaseCable = await startTcpProxy(portOf(database.url));
  const throughCable = new URL(database.url);
  throughCable.port = String(databaseCable.port);
  let connection = await database.connect();
  const shared: NodeJS.ProcessEnv = {
    ...process.env,
    DATABASE_URL: direct ? database.url : throughCable.href,
    KAFKA_BROKERS: direct || given !== undefined ? broker.address : `127.0.0.1:${brokerCable.port}`,
    ZKRISK_DATA_DIR: database.directory,
    PORT: '0',
    LOG_LEVEL: 'info',
    HOUSE_LIQUIDATOR: 'off',
    QUOTE_SECRET: 'a secret for tests, to seal the quotes..',
    VALUATION_SECRET: 'a secret for tests, to seal valuations',
    BOOK_SALT_SECRET: 'a secret for tests, to salt the leaves of books',
    ...QUICK_MODEL,
    ...environment,
  };
  const running = new Set<ChildProcess>();
  const run = (args: string[], extra: NodeJS.ProcessEnv) => {
    const child = spawn(process.execPath, [...(direct ? MEASURED_NODE : []), ...args], {
      env: { ...shared, ...extra },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(child);
    child.once('exit', () => running.delete(child));
    const chunks: string[] = [];
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (chunk: string) => chunks.push(chunk));
    return { child, output: () => chunks.join('') };
  };
  const start = async (name: ServiceName, extra: NodeJS.ProcessEnv = {}): Promise<ServiceProcess> => {
    const { child, output } = run([join(apps, name, 'src', 'main.js')], extra);
    const exit = once(child, 'exit') as Promise<[number | null]>;
    const url = await new Promise<string>((resolve, reject) => {
      const look = () => {
        const found = /listens on (\S+)/.exec(output());
        if (found !== null) resolve(found[1]);
      };
      child.stderr.on('data', look);
      child.once('exit', (code) => {
        reject(new Error(`${name} ended with ${code}: ${output()}`));
      });
    });
    return {
      ...{ name, child, url, output },
      end: async (signal) => {
        child.kill(signal);
        return (await exit)[0];
      },
    };
  };
  return {
    ...{ database, broker, start },
    get connection() {
      return connection;
    },
    environment: shared,
    cables: { database: databaseCable, broker: brokerCable },
    restartDatabase: async (downMs) => {
      if (own === undefined) throw new Error('other files use this server: it cannot be restarted');
      await connection.destroy().catch(() => undefined);
      await own.restart(downMs);
      databaseCable.leadTo(portOf(database.url));
      connection = await database.connect();
    },
    replay: (options) => {
      const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
      const { child, output } = run([join(apps, 'cli', 'src', 'main.js'), 'replay', ...args], {});
      const done = (once(child, 'exit') as Promise<[number | null]>).then(([code]) => {
        if (code !== 0) throw new Error(`the replay ended with ${code}: ${output()}`);
        return JSON.parse(output().slice(output().lastIndexOf('\n{') + 1)) as {
          bars: number;
          seconds: number;
        };
      });
      done.catch(() => undefined);
      return { child, done, output };
    },
    stop: async () => {
      await Promise.all(
        [...running].map(async (child) => {
          const exit = once(child, 'exit');
          child.kill('SIGKILL');
          await exit;
        }),
      );
      await Promise.all([brokerCable.close(), databaseCable.close()]);
      await broker.remove();
      await database.stop();
    },
  };
}

const portOf = (url: string) => Number(new URL(url).port);

/**
 * Fills an empty database from the topics and compares it with the topology's. Not to be waited for synchronously: the cables
 * run in this process.
 */
export async function rebuilt({
  environment,
  database,
}: Topology): Promise<{ code: number | null; output: string; errors: string }> {
  const fresh = await startTestDatabase();
  try {
    const command = join(apps, 'cli', 'src', 'main.js');
    const child = spawn(process.execPath, [command, 'rebuild', '--verify', '--against', database.url], {
      env: { ...environment, DATABASE_URL: fresh.url },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const texts = ['', ''];
    [child.stdout, child.stderr].forEach((stream, i) =>
      stream.setEncoding('utf8').on('data', (chunk: string) => (texts[i] += chunk)),
    );
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, output: texts[0], errors: texts[1] };
  } finally {
    await fresh.stop();
  }
}

/** All that the books, ledgers, funding and plans consist of. */
export interface Books {
  readonly events: readonly unknown[];
  readonly risk: readonly unknown[];
  readonly plans: readonly unknown[];
}

export async function booksOf(connection: DataSource): Promise<Books> {
  return {
    events: await connection.query('select sequence, payload from book_event order by sequence'),
    risk: await connection.query('select at, payload from risk_record order by at'),
    plans: await connection.query(
      "select plan_id, account, status, race->'won'->>'status' as reported, opened_at, closed_at, opened from liquidation order by unit, ordinal",
    ),
  };
}
