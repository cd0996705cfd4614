// `npm run simulate`: episodes of faults, seed after seed; options: --seed N, the first seed; --seconds N, for how long (60);
// --threads N, episodes at a time (one a processor); --only N, that seed alone, twice.
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { runEpisode } from './episode.js';
import type { EpisodeMessage, SeedsOfThread } from './episodes.worker.js';

const NUMBER = { type: 'string' } as const;
const { values } = parseArgs({
  options: { seed: NUMBER, seconds: NUMBER, threads: NUMBER, only: NUMBER },
});

const option = (name: keyof typeof values, otherwise: number): number => {
  const value = values[name] === undefined ? otherwise : Number(values[name]);
  if (Number.isFinite(value) && value >= 0) return value;
  process.stderr.write(`--${name} takes a number of at least 0, got ${values[name]}\n`);
  process.exit(2);
};

const COUNTED = [
  'steps',
  'stepsAgain',
  'crashes',
  'events',
  'liquidations',
  'bankruptcies',
  'settlements',
] as const;

if (values.only === undefined) await runMany();
else {
  const seed = option('only', 1);
  Error.stackTraceLimit = 20;
  const [first, second] = [await runEpisode(seed), await runEpisode(seed)];
  process.stdout.write(`${JSON.stringify(first)}\n`);
  if (first.digest !== second.digest) throw new Error(`seed ${seed} does not repeat`);
}

/** Each thread runs seeds of its own; the first failure ends all. */
async function runMany(): Promise<void> {
  const threads = Math.max(1, Math.floor(option('threads', availableParallelism())));
  const started = performance.now();
  const cpu = process.cpuUsage();
  const sums = { episodes: 0, ...Object.fromEntries(COUNTED.map((name) => [name, 0])) } as Record<
    (typeof COUNTED)[number] | 'episodes',
    number
  >;
  const run = (thread: number) =>
    new Promise<void>((resolve, reject) => {
      const workerData: SeedsOfThread = {
        ...{ first: option('seed', 1) + thread, every: threads, seconds: option('seconds', 60) },
      };
      const worker = new Worker(new URL('episodes.worker.js', import.meta.url), { workerData });
      worker.on('message', (message: EpisodeMessage) => {
        if ('failure' in message) {
          reject(new Error(message.failure));
          return;
        }
        sums.episodes++;
        for (const name of COUNTED) sums[name] += message.report[name];
      });
      worker.on('error', reject);
      worker.on('exit', resolve);
    });
  try {
    await Promise.all(Array.from({ length: threads }, (_, thread) => run(thread)));
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exit(1);
  }
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const stepsACpuSecond = (1e6 * sums.steps) / (user + system);
  process.stdout.write(
    `${JSON.stringify({ ...sums, threads, seconds, stepsASecond: sums.steps / seconds, stepsACpuSecond })}\n`,
  );
}
