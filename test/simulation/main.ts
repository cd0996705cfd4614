// `npm run simulate`: episodes of faults, seed after seed; options: --seed N, the first seed; --seconds N, for how long (60);
// --only N, that seed alone, twice.
import { runEpisode } from './episode.js';

// Refusals are errors, thousands of them; `--only` shows where one comes from.
Error.stackTraceLimit = process.argv.includes('--only') ? 20 : 0;

const option = (name: string, otherwise: number): number => {
  const at = process.argv.indexOf(`--${name}`);
  const value = at < 0 ? otherwise : Number(process.argv[at + 1]);
  if (Number.isFinite(value)) return value;
  process.stderr.write(`--${name} takes a number, got ${process.argv[at + 1]}\n`);
  process.exit(2);
};

const only = option('only', -1);
if (only >= 0) {
  const [first, second] = [await runEpisode(only), await runEpisode(only)];
  process.stdout.write(`${JSON.stringify(first)}\n`);
  if (first.digest !== second.digest) throw new Error(`seed ${only} does not repeat`);
} else {
  const until = performance.now() + 1000 * option('seconds', 60);
  const started = performance.now();
  const cpu = process.cpuUsage();
  const sums = {
    episodes: 0,
    steps: 0,
    crashes: 0,
    events: 0,
    liquidations: 0,
    bankruptcies: 0,
    settlements: 0,
  };
  for (let seed = option('seed', 1); performance.now() < until; seed++) {
    const report = await runEpisode(seed);
    sums.episodes++;
    for (const name of ['steps', 'crashes', 'events', 'liquidations', 'bankruptcies', 'settlements'] as const)
      sums[name] += report[name];
  }
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  process.stdout.write(
    `${JSON.stringify({ ...sums, seconds, stepsASecond: sums.steps / seconds, stepsACpuSecond: (1e6 * sums.steps) / (user + system) })}\n`,
  );
}
