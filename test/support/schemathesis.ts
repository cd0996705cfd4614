import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

const VERSION = '4.32.5';
const environment = join(
  ...[import.meta.dirname, '..', '..', '..', 'node_modules', '.cache', 'zkrisk', `schemathesis-${VERSION}`],
);
const schemathesis = join(environment, 'bin', 'schemathesis');

/** Installs the fuzzer of the API; why it cannot be had, where it cannot. */
export function noSchemathesis(): string | undefined {
  if (existsSync(schemathesis)) return undefined;
  mkdirSync(dirname(environment), { recursive: true });
  for (const [command, ...args] of [
    ['python3', '-m', 'venv', environment],
    [join(environment, 'bin', 'pip'), 'install', '--quiet', `schemathesis==${VERSION}`],
  ])
    if (spawnSync(command, args).status !== 0) return `${command} ${args.join(' ')} has failed`;
  return undefined;
}

/** Result of a run: its exit code, 0 where nothing was found, and all it has written. */
export interface Fuzzed {
  readonly code: number | null;
  readonly output: string;
}

/**
 * Runs the API's document against an engine: examples, coverage, fuzzing, and sequences along its links.
 *
 * @param url of the engine
 * @param directory where it may keep its database
 * @param args further ones of `schemathesis run`
 * @param signal ends it
 */
export async function fuzz(
  url: string,
  directory: string,
  args: readonly string[],
  signal?: AbortSignal,
): Promise<Fuzzed> {
  const checks =
    'not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance';
  const child = spawn(
    schemathesis,
    [
      ...['run', `${url}/docs-json`, '--url', url, '--checks', checks, '--continue-on-failure'],
      ...['--exclude-path', '/v1/liquidations/stream', '--no-color', ...args],
    ],
    { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const end = () => child.kill('SIGTERM');
  signal?.addEventListener('abort', end);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  signal?.removeEventListener('abort', end);
  return { code, output };
}
