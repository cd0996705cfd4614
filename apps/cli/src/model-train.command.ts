import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commonWindow, readSeriesFiles } from '#lib/price-file';
import { askRules } from '#lib/rules';
import { UsageError } from '#lib/terminal';
import {
  advanceLmGo,
  fitLmGo,
  initialLmGoState,
  lmGoForecast,
  type LmGoModel,
  type LmGoState,
} from '#lib/volatility';
import { note, progress } from './print.js';
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

/** LM-GO's inputs and forecast at an origin, and the realised returns. */
interface Origin {
  /** K */
  readonly factors: number;
  /** slow, middle and fast averages by factor: four places for the common ones, then the markets */
  readonly averages: readonly (readonly number[])[];
  /** of markets over the horizon, as {@link lmGoForecast} has them */
  readonly variances: readonly number[];
  /** summed over the horizon */
  readonly returns: readonly number[];
}

type Span = 'fitted' | 'stopping' | 'heldOut';

/** Scores of LM-GO as it is and with the correction, on the origins nobody has trained on. */
interface Judged {
  readonly qlike: number;
  /** share of market returns beyond ±z√h, by the share a Gaussian would have beyond it */
  readonly beyond: Readonly<Record<string, number>>;
}
export interface TrainedCorrection {
  readonly parameters: number;
  readonly origins: Readonly<Record<Span, number>>;
  /** mean loss of each span, LM-GO’s and the corrected one */
  readonly qlike: Readonly<Record<Span, Readonly<Record<'lmGo' | 'corrected', number>>>>;
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

/** Places of common factors in the commitment of `bar`. */
const COMMON = 4;

/**
 * A learned correction of LM-GO's variances: a network from the averages of a model's factors to a multiplier in [½, 2] of each market's
 * variance, fitted on the first origins and judged on the last. It is a declared model only where it beats LM-GO there.
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
      progress(() => ({
        lines: [`bar ${t} of ${length}, ${origins.length} origins`],
        record: { bar: t, of: length, origins: origins.length },
      }));
    }
    if ((t - window) % every === 0) {
      const ahead = returns.map((series) =>
        series.subarray(t, t + horizon).reduce((sum, value) => sum + value, 0),
      );
      origins.push(originOf(model, state, horizon, ahead));
    }
    state = advanceLmGo(
      model,
      state,
      returns.map((series) => series[t]),
    );
  }
  const scratch = mkdtempSync(join(tmpdir(), 'zkrisk-model-'));
  try {
    writeFileSync(join(scratch, 'origins.json'), JSON.stringify({ horizon, every, origins }));
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

function originOf(model: LmGoModel, state: LmGoState, horizon: number, returns: readonly number[]): Origin {
  const { factors, decays } = model;
  if (factors > COMMON)
    throw new UsageError(`a declared model has ${COMMON} common factors at most, the fit has ${factors}`);
  const places = [
    ...Array.from({ length: COMMON }, (_, k) => (k < factors ? k : undefined)),
    ...returns.map((_, i) => factors + i),
  ];
  // Slow ones first, as the circuit has them.
  const order = decays.map((_, i) => i).sort((a, b) => decays[b] - decays[a]);
  const averages = order.map((i) =>
    places.map((place) => (place === undefined ? 0 : state[place * decays.length + i])),
  );
  const { loadings, variances, own } = lmGoForecast(model, state, horizon);
  const forecast = returns.map((_, i) =>
    variances.reduce((sum, variance, k) => sum + loadings[i * factors + k] ** 2 * variance, own[i]),
  );
  return { factors, averages, variances: forecast, returns };
}
