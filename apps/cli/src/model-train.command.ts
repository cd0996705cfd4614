import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commonWindow, readSeriesFiles } from '#lib/price-file';
import { askRules } from '#lib/rules';
import { UsageError } from '#lib/terminal';
import { advanceLmGo, fitLmGo, initialLmGoState } from '#lib/volatility';
import { note } from './print.js';
import type { PriceFileOptions } from './programs/prices.js';

export interface TrainModelOptions extends PriceFileOptions {
  /** bars in the estimation window */
  readonly window: number;
  /** bars that are forecast at once */
  readonly horizon: number;
  /** bars from one origin to the next */
  readonly every: number;
  readonly refitEvery: number;
  readonly heldOut: number;
  readonly seeds: number;
  readonly steps: number;
  readonly out: string;
}

/** What LM-GO knew at an origin, and what came after. */
interface Origin {
  /** which fit */
  readonly fit: number;
  /** (K+n)×3 averages */
  readonly states: readonly number[];
  /** summed over the horizon: shocks of K+n factors, returns of n markets */
  readonly shocks: readonly number[];
  readonly returns: readonly number[];
}

/** Scores of LM-GO as it is and with the correction, on the origins nobody has trained on. */
interface Judged {
  readonly qlike: number;
  /** share of market returns beyond ±z√h, by the share a Gaussian would have beyond it */
  readonly beyond: Readonly<Record<string, number>>;
}
export interface TrainedCorrection {
  readonly parameters: number;
  readonly origins: Readonly<Record<'fitted' | 'stopping' | 'heldOut', number>>;
  readonly lmGo: Judged;
  readonly corrected: Judged;
  /** Diebold–Mariano t of the corrected loss less LM-GO’s, by blocks of the horizon: below −1.96 it is better */
  readonly dieboldMariano: number;
  readonly smallestMultiplier: number;
  readonly largestMultiplier: number;
  /** better by the test, with coverage no further from nominal */
  readonly beatsLmGo: boolean;
  readonly out: string;
}

/**
 * A learned correction of LM-GO's variances: a network from each factor's three averages and level to a multiplier in [½, 2], fitted on
 * the first origins and judged on the last. It is a declared model only where it beats LM-GO there.
 *
 * @throws {UsageError} for too few rows
 */
export async function trainModelCommand(options: TrainModelOptions): Promise<TrainedCorrection> {
  const { prices, column, window, horizon, every, refitEvery } = options;
  const table = readSeriesFiles(prices, { kind: 'price', ...(column === undefined ? {} : { column }) });
  table.notes.forEach(note);
  const { markets, returns, leftOut } = commonWindow(table, 'price', table.times.length - 1);
  for (const { market, reason } of leftOut) note(`${market} is left out: it ${reason}`);
  const length = returns[0].length;
  if (length < window + horizon + 10 * every)
    throw new UsageError(`--prices: ${length} returns are too few for a window of ${window} and ten origins`);
  const fits: {
    loadings: readonly number[];
    deviations: readonly number[];
    levels: readonly number[];
    weights: readonly number[];
    factors: number;
  }[] = [];
  const origins: Origin[] = [];
  let model = fitLmGo(
    markets,
    returns.map((series) => series.subarray(0, window)),
  );
  let state = initialLmGoState(model);
  for (let t = window; t + horizon <= length; t++) {
    if ((t - window) % refitEvery === 0) {
      model = fitLmGo(
        markets,
        returns.map((series) => series.subarray(t - window, t)),
      );
      state = initialLmGoState(model);
      const { loadings, deviations, levels, weights, factors } = model;
      fits.push({ loadings, deviations, levels, weights, factors });
      note(`${origins.length} origins, bar ${t} of ${length}`);
    }
    if ((t - window) % every === 0) {
      const ahead = returns.map((series) =>
        series.subarray(t, t + horizon).reduce((sum, value) => sum + value, 0),
      );
      origins.push({
        fit: fits.length - 1,
        states: Array.from(state),
        shocks: shocksOf(model, ahead),
        returns: ahead,
      });
    }
    state = advanceLmGo(
      model,
      state,
      returns.map((series) => series[t]),
    );
  }
  const scratch = mkdtempSync(join(tmpdir(), 'zkrisk-model-'));
  try {
    writeFileSync(join(scratch, 'origins.json'), JSON.stringify({ horizon, every, fits, origins }));
    const given = {
      'held-out': options.heldOut,
      seeds: options.seeds,
      steps: options.steps,
      out: options.out,
    };
    const args = Object.entries(given).flatMap(([name, value]) => [`--${name}`, String(value)]);
    const found = await askRules<Omit<TrainedCorrection, 'out'>>(
      ['correction', join(scratch, 'origins.json'), ...args],
      note,
    );
    return { ...found, out: options.out };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** f = W r: shocks are linear in returns, so those of summed returns are the sums. */
function shocksOf(
  { factors: K, loadings, unmixing, deviations }: ReturnType<typeof fitLmGo>,
  returns: readonly number[],
): number[] {
  const n = returns.length;
  const common = Array.from({ length: K }, (_, k) =>
    returns.reduce((sum, value, i) => sum + unmixing[k * n + i] * value, 0),
  );
  const own = returns.map((value, i) => {
    const fitted = common.reduce((sum, shock, k) => sum + loadings[i * K + k] * shock, 0);
    return (value - fitted) / deviations[i];
  });
  return [...common, ...own];
}
