import { expect, it } from 'vitest';
import { runEpisode } from '../simulation/episode.js';

const SECONDS = 60;

it(
  'the machines hold their invariants for a minute of simulated faults; npm run simulate goes on',
  async () => {
    // Other seeds every day: a failure names its seed, and `npm run simulate -- --only SEED` repeats it.
    const first = 1000 * Math.floor(Date.now() / 86_400_000);
    const until = performance.now() + 1000 * SECONDS;
    let steps = 0;
    for (let seed = first; performance.now() < until; seed++) steps += (await runEpisode(seed)).steps;
    expect(steps).toBeGreaterThan(0);
  },
  10 * 1000 * SECONDS,
);
