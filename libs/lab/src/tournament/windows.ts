import { InvalidInputError } from '#lib/errors';
import type { PricePanel } from '../market/price-panel.js';

/** Rows of a panel that are played: a lead in which positions are built, the crash, and a tail. */
export interface CrashWindow {
  readonly name: string;
  /** the rule by which it was chosen, with the figure */
  readonly why: string;
  /** rows: the lead begins, the crash begins, the tail ends */
  readonly from: number;
  readonly start: number;
  readonly to: number;
}

export interface WindowRule {
  /** bars of a crash */
  readonly length: number;
  /** bars before it, and after it */
  readonly lead: number;
  readonly tail: number;
  /** windows by drawdown, and by breakdown of correlation */
  readonly drawdowns: number;
  readonly breakdowns: number;
  /** first row that a crash may begin at: forecasts are there */
  readonly first: number;
}

export const WINDOW_RULE: WindowRule = {
  ...{ length: 168, lead: 240, tail: 48, drawdowns: 5, breakdowns: 3, first: 400 },
};

const STEP = 12;
const CORRELATED_BEFORE = 720;

/**
 * The worst windows of a panel, chosen without looking at any result: by the deepest drawdown of the mean log price of all markets, then by
 * the largest change of the mean correlation of hourly returns against the thirty days before. Windows of one rule do not overlap.
 */
export function crashWindows(panel: PricePanel, rule: WindowRule = WINDOW_RULE): CrashWindow[] {
  const T = panel.times.length;
  const returns = logReturns(panel);
  const { length, lead, tail } = rule;
  const starts: number[] = [];
  for (let start = Math.max(rule.first, lead + 1); start + length + tail <= T; start += STEP)
    starts.push(start);
  const index = cumulated(returns, panel.markets.length);
  const choose = (
    count: number,
    rank: (start: number) => number,
    why: (value: number) => string,
    kind: string,
  ) => {
    const scored = starts
      .map((start) => ({ start, value: rank(start) }))
      .filter(({ value }) => value > 0)
      .sort((a, b) => b.value - a.value || a.start - b.start);
    const chosen: typeof scored = [];
    for (const one of scored) {
      if (chosen.length >= count) break;
      if (chosen.every(({ start }) => Math.abs(start - one.start) >= length)) chosen.push(one);
    }
    return chosen.map(({ start, value }): CrashWindow => {
      const name = `${kind}-${new Date(panel.times[start]).toISOString().slice(0, 10)}`;
      return { name, why: why(value), from: start - lead, start, to: start + length + tail };
    });
  };
  const drawdowns = choose(
    rule.drawdowns,
    (start) => drawdown(index, start, start + length),
    (value) => `drawdown of ${(100 * (1 - Math.exp(-value))).toFixed(1)} % of the mean price`,
    'drawdown',
  );
  const breakdowns = choose(
    rule.breakdowns,
    (start) =>
      start < CORRELATED_BEFORE
        ? 0
        : Math.abs(
            meanCorrelation(returns, panel.markets.length, start, start + length) -
              meanCorrelation(returns, panel.markets.length, start - CORRELATED_BEFORE, start),
          ),
    (value) => `mean correlation changed by ${value.toFixed(2)} against thirty days before`,
    'correlation',
  );
  return [...drawdowns, ...breakdowns];
}

/**
 * A window by its times.
 *
 * @param text `name=from/to`, ISO times
 * @throws {InvalidInputError} for one that does not fit, or is not in the panel
 */
export function namedWindow(
  panel: PricePanel,
  text: string,
  { lead, tail }: WindowRule = WINDOW_RULE,
): CrashWindow {
  const match = /^([\w.-]+)=([^/]+)\/([^/]+)$/.exec(text);
  const [start, end] = [match?.[2], match?.[3]].map((time) => Date.parse(time ?? ''));
  if (match === null || !(start < end))
    throw new InvalidInputError('window', `must be name=from/to with ISO times, got "${text}"`);
  const first = panel.times.findIndex((time) => time >= start);
  const last = panel.times.findLastIndex((time) => time <= end);
  if (first < 1 || last <= first) throw new InvalidInputError('window', `${match[1]} is not in the prices`);
  return {
    name: match[1],
    why: `asked for: ${match[2]} to ${match[3]}`,
    ...{ from: Math.max(0, first - lead), start: first, to: Math.min(panel.times.length, last + 1 + tail) },
  };
}

/** T×n; row 0 and returns without a price before or after are 0. */
function logReturns({ values, markets, times }: PricePanel): Float64Array {
  const n = markets.length;
  const returns = new Float64Array(times.length * n);
  for (let at = n; at < values.length; at++) {
    const move = Math.log(values[at] / values[at - n]);
    returns[at] = Number.isFinite(move) ? move : 0;
  }
  return returns;
}

/** Mean log price of all markets, from 0. */
function cumulated(returns: Float64Array, n: number): Float64Array {
  const index = new Float64Array(returns.length / n);
  for (let t = 1; t < index.length; t++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += returns[t * n + i];
    index[t] = index[t - 1] + sum / n;
  }
  return index;
}

function drawdown(index: Float64Array, from: number, to: number): number {
  let peak = -Infinity;
  let deepest = 0;
  for (let t = from; t < to; t++) {
    peak = Math.max(peak, index[t]);
    deepest = Math.max(deepest, peak - index[t]);
  }
  return deepest;
}

/** Of standardised returns: (Var(Σz)/n − 1)/(n − 1). */
function meanCorrelation(returns: Float64Array, n: number, from: number, to: number): number {
  const T = to - from;
  const sums = new Float64Array(T);
  let used = 0;
  for (let i = 0; i < n; i++) {
    let [mean, square] = [0, 0];
    for (let t = from; t < to; t++) mean += returns[t * n + i] / T;
    for (let t = from; t < to; t++) square += (returns[t * n + i] - mean) ** 2 / T;
    if (!(square > 0)) continue;
    used++;
    for (let t = from; t < to; t++) sums[t - from] += (returns[t * n + i] - mean) / Math.sqrt(square);
  }
  if (used < 2) return 0;
  const variance = sums.reduce((sum, value) => sum + value * value, 0) / T;
  return (variance / used - 1) / (used - 1);
}
