import { expect, it } from 'vitest';
import { runEpisode } from '../simulation/episode.js';

/** of processor time: beside other work as many seeds are tried as on an idle machine */
const SECONDS = 60;

it(
  'the machines hold their invariants for a minute of simulated faults; npm run simulate goes on',
  async () => {
    // Other seeds every day: a failure names its seed, and `npm run simulate -- --only SEED` repeats it.
    const first = 1000 * Math.floor(Date.now() / 86_400_000);
    const before = process.cpuUsage();
    const taken = () => process.cpuUsage(before).user / 1e6;
    let steps = 0;
    for (let seed = first; taken() < SECONDS; seed++) steps += (await runEpisode(seed)).steps;
    expect(steps).toBeGreaterThan(0);
  },
  10 * 1000 * SECONDS,
);
