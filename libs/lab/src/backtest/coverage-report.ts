import { stackedCharts } from '#lib/charts';
import { InvalidInputError } from '#lib/errors';
import { liquidityPayout, normalCdf } from '#lib/risk';
import { coverageTests, type CoverageTests } from '#lib/volatility';
import type { CoverageSnapshot } from './coverage-recorder.js';

/** One horizon: the expectation at its beginning, and the outcome. */
export interface CoverageInterval {
  readonly time: number;
  /** X = qᵀS − (C + P + L) at the end, of the book at the beginning */
  readonly liability: number;
  readonly evar: number;
  /** qᵀΔS, the pool's loss on that book */
  readonly loss: number;
  readonly lossEvar: number;
  /** premia and funding that were collected for the exchange meanwhile */
  readonly collected: number;
  /** the providers' income, and the cost of their call spread above its price */
  readonly liquidityCollected: number;
  readonly payoff: number;
  readonly callSpread: number;
}

/** A mean with the one-sided p-value of "it is at least 0". */
export interface MeanTest {
  readonly observations: number;
  readonly mean: number;
  readonly standardError: number;
  /** of the hypothesis that the mean is at least 0; small: it is not */
  readonly pValue: number;
}

export interface CoverageReport {
  readonly alpha: number;
  readonly intervals: readonly CoverageInterval[];
  /** how often X passed its EVaR */
  readonly liability: CoverageTests & { readonly atMost: number };
  /** how often the loss passed κs√(−2 ln α) */
  readonly loss: CoverageTests & { readonly atMost: number };
  /** collected less lost by the exchange */
  readonly exchange: MeanTest;
  /** collected by the providers less the payoff of the call spread they were short, against its price */
  readonly providers: MeanTest;
}

/** Fewest intervals of a test. */
const LEAST_INTERVALS = 5;

/**
 * Coverage over intervals of a horizon that do not overlap.
 *
 * @param snapshots in order
 * @param every snapshots a horizon
 * @throws {InvalidInputError} for too few snapshots
 */
export function coverageReport(
  snapshots: readonly CoverageSnapshot[],
  every: number,
  alpha: number,
): CoverageReport {
  const intervals: CoverageInterval[] = [];
  for (let t = 0; t + every < snapshots.length; t += every)
    intervals.push(coverageInterval(snapshots[t], snapshots[t + every]));
  if (intervals.length < LEAST_INTERVALS)
    throw new InvalidInputError(
      'snapshots',
      `make ${intervals.length} intervals of ${every}, at least ${LEAST_INTERVALS} are needed`,
    );
  const tests = (hits: boolean[]) => ({
    ...coverageTests(hits, alpha),
    atMost: upperTail(hits.length, hits.filter(Boolean).length, alpha),
  });
  return {
    ...{ alpha, intervals },
    liability: tests(intervals.map(({ liability, evar }) => Math.max(0, liability) > evar)),
    loss: tests(intervals.map(({ loss, lossEvar }) => loss > lossEvar)),
    exchange: meanTest(intervals.map(({ collected, loss }) => collected - loss)),
    providers: meanTest(
      intervals.map(({ liquidityCollected, payoff, callSpread }) => liquidityCollected + callSpread - payoff),
    ),
  };
}

/** The expectation at one moment beside the outcome at a later one. */
export function coverageInterval(from: CoverageSnapshot, to: CoverageSnapshot): CoverageInterval {
  let [terminal, loss] = [0, 0];
  from.sizes.forEach((size, i) => {
    if (size === 0) return;
    const after = endPrice(from, to, i);
    terminal += size * after;
    loss += size * (after - from.prices[i]);
  });
  const strike = from.entryNotional + from.capital;
  return {
    time: from.time,
    liability: terminal - strike - from.liquidity,
    ...{ evar: from.evar, loss, lossEvar: from.lossEvar },
    collected: to.toExchange - from.toExchange,
    liquidityCollected: to.toLiquidity - from.toLiquidity,
    payoff: -liquidityPayout(terminal, strike, from.liquidity),
    callSpread: from.callSpread,
  };
}

/** A market's price at the end of an interval; one without a price there keeps that of the beginning. */
export function endPrice(from: CoverageSnapshot, to: CoverageSnapshot, market: number): number {
  return to.prices[market] > 0 ? to.prices[market] : from.prices[market];
}

/** P(at least k of n) with probability p each: the p-value of "the rate is at most p". */
export function upperTail(n: number, k: number, p: number): number {
  let tail = 0;
  let log = n * Math.log1p(-p);
  for (let i = 0; i <= n; i++) {
    if (i >= k) tail += Math.exp(log);
    log += Math.log((n - i) / (i + 1)) + Math.log(p / (1 - p));
  }
  return Math.min(1, tail);
}

/** Tests a mean over intervals that do not overlap, by the normal distribution. */
function meanTest(values: readonly number[]): MeanTest {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
  const standardError = Math.sqrt(variance / n);
  const pValue = standardError === 0 ? (mean >= 0 ? 1 : 0) : normalCdf(mean / standardError);
  return { observations: n, mean, standardError, pValue };
}

/** The report as pictures, one SVG. */
export function coveragePicture({ intervals }: CoverageReport): string {
  const axes = {
    times: intervals.map(({ time }) => time),
    ...{ unit: 'quote currency', scale: 'linear' as const },
  };
  const running = (of: (interval: CoverageInterval) => number) => {
    let sum = 0;
    return intervals.map((interval) => (sum += of(interval)));
  };
  return stackedCharts([
    {
      ...axes,
      title: 'X at the end of a horizon, of the book at its beginning, and its EVaR',
      series: [
        { name: 'EVaR of X⁺', colour: '#c1292e', values: intervals.map(({ evar }) => evar) },
        { name: 'X', colour: '#235789', values: intervals.map(({ liability }) => liability) },
      ],
    },
    {
      ...axes,
      title: 'loss of the standing book over a horizon, and its EVaR',
      series: [
        { name: 'EVaR', colour: '#c1292e', values: intervals.map(({ lossEvar }) => lossEvar) },
        { name: 'realised', colour: '#235789', values: intervals.map(({ loss }) => loss) },
      ],
    },
    {
      ...axes,
      title: 'exchange: collected, and lost',
      series: [
        { name: 'premia and funding', colour: '#0b6e4f', values: running(({ collected }) => collected) },
        { name: 'losses', colour: '#c1292e', values: running(({ loss }) => loss) },
      ],
    },
    {
      ...axes,
      title: 'providers: collected, and paid out',
      series: [
        { name: 'premia and funding', colour: '#0b6e4f', values: running((each) => each.liquidityCollected) },
        { name: 'call spread', colour: '#c1292e', values: running((each) => each.payoff - each.callSpread) },
      ],
    },
  ]);
}
