/**
 * How often a market's price is further away than its forecast said, counted as contracts/src/Exceedances.sol counts: windows of one horizon
 * without overlap, an exceedance where the price at the end is more than z volatilities away, all with its integers.
 */
interface Window {
  price: bigint;
  volatility: bigint;
  end: bigint;
  windows: number;
  exceedances: number;
}

/** 97.5 % quantile of the normal distribution, 18 decimals. */
const Z = 1_959_963_984_540_054_000n;
const ONE = 10n ** 18n;
const OUTSIDE = 0.05;
const SIGNIFICANCE = 0.001;
/** Most exceedances of the contract's table; beyond, its limit grows in proportion. */
const MOST = 127;

export interface Count {
  readonly windows: number;
  readonly exceedances: number;
}

/** Counters of all markets, followed from one published bar to the next. */
export class ExceedanceCounters {
  private windows = new Map<string, Window>();

  /** The counts of a discredited model end with it. */
  reset(): void {
    this.windows = new Map();
  }

  count(market: string): Count {
    const { windows = 0, exceedances = 0 } = this.windows.get(market) ?? {};
    return { windows, exceedances };
  }

  /**
   * @param price at the bar's end, 18 decimals
   * @param variance over the horizon, percent² in units of 2^−128
   * @param bar its end, seconds; @param horizon seconds
   * @returns the counts where a window has ended
   */
  step(market: string, price: bigint, variance: bigint, bar: bigint, horizon: bigint): Count | undefined {
    const window = this.windows.get(market) ?? {
      ...{ price: 0n, volatility: 0n, end: 0n, windows: 0, exceedances: 0 },
    };
    this.windows.set(market, window);
    if (bar < window.end) return undefined;
    const closed = bar === window.end;
    if (closed) {
      window.windows++;
      if (exceeds(window.price, price, window.volatility)) window.exceedances++;
    }
    Object.assign(window, { price, volatility: volatilityOf(variance >> 64n), end: bar + horizon });
    return closed ? this.count(market) : undefined;
  }
}

function exceeds(before: bigint, now: bigint, volatility: bigint): boolean {
  const moved = now > before ? now - before : before - now;
  return (moved * ONE * ONE) / before > Z * volatility;
}

/** √ of percent² in units of 2^−64, as a share with 18 decimals, rounded down. */
function volatilityOf(variance: bigint): bigint {
  const square = (variance * 10n ** 32n) >> 64n;
  let root = BigInt(Math.floor(Math.sqrt(Number(square))));
  while (root * root > square) root--;
  while ((root + 1n) * (root + 1n) <= square) root++;
  return root < 1n << 64n ? root : (1n << 64n) - 1n;
}

/** Whether so many exceedances in so many windows have a probability below 0.1 % under a right forecast. */
export function isRefuted({ windows, exceedances }: Count): boolean {
  if (windows === 0 || exceedances === 0) return false;
  if (exceedances <= MOST) return upperTail(exceedances, windows) < SIGNIFICANCE;
  let limit = MOST;
  while (upperTail(MOST, limit + 1) < SIGNIFICANCE) limit++;
  return windows <= Math.floor((limit * exceedances) / MOST);
}

/** P(X ≥ k) of X ~ Binomial(n, 0.05). */
export function upperTail(k: number, n: number): number {
  let logMass = n * Math.log1p(-OUTSIDE);
  let below = 0;
  for (let i = 0; i < k && i <= n; i++) {
    below += Math.exp(logMass);
    logMass += Math.log((n - i) / (i + 1)) + Math.log(OUTSIDE / (1 - OUTSIDE));
  }
  return Math.max(0, 1 - below);
}
