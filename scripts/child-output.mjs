// Runs a command to its end: its status, all that it has written, and the processor time it has taken.
import { spawn } from 'node:child_process';

/** A shell that runs its arguments and then writes the times of all its children to descriptor 3. */
const TIMED = '"$@" 3>&-; status=$?; times >&3; exit $status';
/** Milliseconds after which processes that were asked to end are killed. */
const PATIENCE_MS = 10_000;

/**
 * @param {object} options of `spawn`, and:
 * @param {number} [options.niceness] how far its priority is lowered, 0 to 19
 * @param {AbortSignal} [options.signal] ends it and the processes of its group
 * @param {boolean} [options.shown] its output goes to this process's own, and is not kept
 * @returns {Promise<{ status: number | null, output: string, cpuSeconds: number | undefined }>} `cpuSeconds`: of its processes that have
 * ended and were waited for; undefined where there is no POSIX shell
 */
export async function outputOf(command, args, { niceness = 0, signal, shown = false, ...options } = {}) {
  const posix = process.platform !== 'win32';
  const nice = niceness > 0 ? ['nice', '-n', String(niceness)] : [];
  const [file, ...rest] = posix ? [...nice, 'sh', '-c', TIMED, 'sh', command, ...args] : [command, ...args];
  const stream = shown ? 'inherit' : 'pipe';
  // A group of its own can be ended as a whole; where output is shown, a Ctrl-C at the terminal reaches it as it is.
  const child = spawn(file, rest, {
    ...options,
    stdio: ['ignore', stream, stream, 'pipe'],
    detached: posix && !shown,
  });
  const stop = () => {
    killGroup(child, 'SIGTERM');
    setTimeout(() => killGroup(child, 'SIGKILL'), PATIENCE_MS).unref();
  };
  const interrupted = () => {
    killGroup(child, 'SIGTERM');
    process.exit(130);
  };
  signal?.addEventListener('abort', stop);
  if (!shown) for (const name of ['SIGINT', 'SIGTERM']) process.once(name, interrupted);
  const texts = { output: '', times: '' };
  const read = (from, into) => from?.setEncoding('utf8').on('data', (text) => (texts[into] += text));
  read(child.stdout, 'output');
  read(child.stderr, 'output');
  read(child.stdio[3], 'times');
  try {
    const status = await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    return { status, output: texts.output, cpuSeconds: posix ? secondsOf(texts.times) : undefined };
  } finally {
    signal?.removeEventListener('abort', stop);
    for (const name of ['SIGINT', 'SIGTERM']) process.removeListener(name, interrupted);
  }
}

function killGroup(child, signal) {
  try {
    process.kill(process.platform === 'win32' ? child.pid : -child.pid, signal);
  } catch {
    // It has ended.
  }
}

/** Sum of the second line of `times`, such as `1m2.34s 0m0.56s`: its children's. */
function secondsOf(times) {
  const parts = [...(times.split('\n')[1] ?? '').matchAll(/(\d+)m([\d.]+)s/g)];
  return parts.reduce((sum, [, minutes, seconds]) => sum + 60 * Number(minutes) + Number(seconds), 0);
}
