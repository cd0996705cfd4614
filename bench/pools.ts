import { join } from 'node:path';
import { existsSync } from 'node:fs';
import {
  BalancerPool,
  memoryDays,
  MomentumPool,
  PoolBatch,
  pricePath,
  type PoolParameters,
} from '#lib/pools';
import { readSeriesFiles } from '#lib/price-file';
import { randomStream } from '#lib/runtime';
import { askPeers, type Figure, QUICK, timed, timeFigure } from './harness.js';

interface Timed {
  readonly seconds: number;
  /** reserves of the last row, set by set */
  readonly last: readonly number[];
}
interface PeerAnswer {
  readonly pools: Readonly<Record<'constant' | 'constantSets' | 'momentum' | 'momentumSets', Timed>>;
}

const ROWS = 17_471;
const SETS = 64;
const TERMS = { updateEvery: 24, interpolateOver: 24, fastest: 3e-4, minimumWeight: 0.03, rowHours: 1 };
const WEIGHTS = [0.5, 0.3, 0.2];
const VALUE = 1e6;

/** Three assets, two years of hours: real prices where they lie beside the checkout. */
function prices(): Float64Array[] {
  const file = join(import.meta.dirname, '..', '..', '..', 'shared', 'data', 'hourly_close_24.csv');
  if (existsSync(file)) {
    const { names, values } = readSeriesFiles([file], { kind: 'price' });
    return ['BTC', 'ETH', 'SOL'].map((name) => values[names.indexOf(name)].subarray(0, ROWS));
  }
  const random = randomStream(2);
  return [30_000, 3_000, 100].map((start) => {
    let price = start;
    return Float64Array.from({ length: ROWS }, () => (price *= Math.exp(0.008 * random.normal())));
  });
}

/** Zero-fee reserves beside JAX's compiled run, one set of parameters and 64, and how far the two are apart. */
export async function poolFigures(): Promise<{
  figures: Figure[];
  agreement: { what: string; worst: number; tolerance: number }[];
}> {
  const series = prices();
  const path = pricePath(series);
  const random = randomStream(7);
  const sets = Array.from({ length: SETS }, () => {
    const draws = WEIGHTS.map(() => 0.2 + random.uniform());
    const sum = draws.reduce((total, draw) => total + draw, 0);
    return draws.map((draw) => draw / sum);
  });
  const ks = Array.from({ length: SETS }, (_, i) => 5 + i);
  const decays = Array.from({ length: SETS }, (_, i) => 0.8 + 0.003 * i);
  const peers = askPeers<PeerAnswer>({
    pools: {
      ...{ prices: series.map((each) => Array.from(each)), value: VALUE, weights: WEIGHTS, weightSets: sets },
      ...{ ks, decays, chunk: TERMS.updateEvery, fastest: TERMS.fastest, minimum: TERMS.minimumWeight },
    },
  });
  const constant = new BalancerPool();
  const momentum = new MomentumPool(TERMS);
  const all = (value: number) => WEIGHTS.map(() => value);
  const days = (decay: number) => memoryDays(decay, 1);
  const one: Record<'constant' | 'momentum', PoolParameters> = {
    constant: { initialWeights: WEIGHTS },
    momentum: { initialWeights: WEIGHTS, k: all(ks[0]), memoryDays: all(days(decays[0])) },
  };
  const many: typeof one = {
    constant: { initialWeights: sets },
    momentum: {
      ...{ initialWeights: WEIGHTS, k: ks.map(all) },
      memoryDays: decays.map((decay) => all(days(decay))),
    },
  };
  const figures: Figure[] = [];
  const agreement: { what: string; worst: number; tolerance: number }[] = [];
  const batch = new PoolBatch();
  try {
    for (const [name, pool] of [
      ['constant', constant],
      ['momentum', momentum],
    ] as const) {
      const output = new Float64Array(ROWS * 3);
      const input = { prices: path, initialValue: VALUE, output };
      const seconds = timed(() => pool.calculateReservesZeroFees({ ...input, parameters: one[name] }));
      const simulation = { pool: pool.name, terms: TERMS, prices: path, initialValue: VALUE };
      const together = { ...simulation, parameters: many[name] };
      const reused = new Float64Array(new SharedArrayBuffer(SETS * ROWS * 3 * 8));
      const run = await batch.run(together, { output: reused });
      // As JAX compiles before it is timed: V8 does so, in each thread, for code that has run a few times.
      for (let round = 0; round < (QUICK ? 0 : 5); round++) await batch.run(together, { output: reused });
      const times: number[] = [];
      for (let round = 0; round < (QUICK ? 1 : 9); round++) {
        const started = performance.now();
        await batch.run(together, { output: reused });
        times.push((performance.now() - started) / 1000);
      }
      const setsSeconds = times.sort((a, b) => a - b)[times.length >> 1];
      const faster = (ratio: number | null) => (ratio === null ? null : ratio > 1);
      const peer = (answer: Timed | undefined) =>
        answer === undefined ? null : { name: 'JAX, compiled', value: answer.seconds };
      const [single, several] = [peers?.pools[name], peers?.pools[`${name}Sets`]];
      const what = name === 'constant' ? 'constant weights' : 'momentum';
      figures.push(
        timeFigure(`zero-fee reserves, ${what}, 3 × 17,471`, seconds, peer(single), 'faster', faster),
        timeFigure(`the same, 64 sets of parameters`, setsSeconds, peer(several), 'faster', faster),
      );
      if (single === undefined || several === undefined) continue;
      const last = (reserves: Float64Array, set: number) =>
        reserves.subarray((set * ROWS + ROWS - 1) * 3, (set + 1) * ROWS * 3);
      const apart = (ours: ArrayLike<number>, theirs: readonly number[]) =>
        Math.max(...theirs.map((value, i) => Math.abs(ours[i] / value - 1)));
      const worst = Math.max(
        apart(last(output, 0), single.last),
        ...ks.map((_, set) => apart(last(run.reserves, set), several.last.slice(3 * set, 3 * set + 3))),
      );
      agreement.push({ what: `zero-fee reserves, ${what}, 65 sets, JAX`, worst, tolerance: 1e-9 });
    }
  } finally {
    await batch.close();
  }
  return { figures, agreement };
}
