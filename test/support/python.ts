import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { putInPlace } from './put-in-place.js';

export const ROOT = join(import.meta.dirname, '..', '..', '..');
const CLIENTS = join(ROOT, 'test', 'clients');

/** Why there can be no Python with packages here; undefined where there can. */
export function noPython(): string | undefined {
  return spawnSync('python3', ['-c', 'import venv, ensurepip']).status === 0
    ? undefined
    : 'there is no Python 3 with venv';
}

/** A Python with packages, those of test/clients by default; made once, and kept beside the modules. */
export function pythonWithClients(requirements = join(CLIENTS, 'requirements.txt')): string {
  const digest = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const folder = join(ROOT, 'node_modules', '.cache', 'zkrisk', `python-${digest}`);
  if (!existsSync(folder)) {
    const making = `${folder}.${process.pid}`;
    for (const [command, ...args] of [
      ['python3', '-m', 'venv', making],
      [join(making, 'bin', 'python'), '-m', 'pip', 'install', '--quiet', '-r', requirements],
    ]) {
      const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
      if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${stderr}`);
    }
    putInPlace(making, folder);
  }
  return join(folder, 'bin', 'python');
}

/**
 * Runs a script of test/clients, or of another folder; resolves with its output.
 */
export function runClient(
  script: string,
  args: readonly string[],
  folder = CLIENTS,
): { child: ChildProcess; done: Promise<string> } {
  const child = spawn(pythonWithClients(), [join(folder, script), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const texts = ['', ''];
  [child.stdout, child.stderr].forEach((stream, i) =>
    stream.setEncoding('utf8').on('data', (chunk: string) => (texts[i] += chunk)),
  );
  const done = (once(child, 'close') as Promise<[number | null]>).then(([code]) => {
    if (code !== 0) throw new Error(`${script} ended with ${code}: ${texts[1].slice(-2_000)}`);
    return texts[0];
  });
  done.catch(() => undefined);
  return { child, done };
}
