const DAY = 24;
const MEAN_DECAY = 2 / 73;
const VARIANCE_DECAY = 0.02;
const LEAST_VOLATILITY = 1e-4;

/** Traders' signals of prices: per market a trend and a deviation from the mean, both in standard deviations, and the volatility. */
export class MarketSignals {
  /** log return of a day over its standard deviation */
  readonly trend: Float64Array;
  /** log distance from a mean of three days over a day's standard deviation */
  readonly deviation: Float64Array;
  /** standard deviation of a day's log return */
  readonly volatility: Float64Array;
  readonly prices: Float64Array;
  private readonly first: Float64Array;
  private readonly variance: Float64Array;
  private readonly mean: Float64Array;
  private readonly history: Float64Array[] = [];

  constructor(private readonly n: number) {
    this.trend = new Float64Array(n);
    this.deviation = new Float64Array(n);
    this.volatility = new Float64Array(n).fill(Math.sqrt(DAY) * 0.01);
    this.prices = new Float64Array(n).fill(NaN);
    this.first = new Float64Array(n).fill(NaN);
    this.variance = new Float64Array(n).fill(1e-4);
    this.mean = new Float64Array(n).fill(NaN);
  }

  /** Mean over markets of the price against the first one, 1 before there is any. */
  get index(): number {
    let sum = 0;
    let count = 0;
    for (let i = 0; i < this.n; i++) {
      if (!(this.first[i] > 0)) continue;
      sum += this.prices[i] / this.first[i];
      count++;
    }
    return count === 0 ? 1 : sum / count;
  }

  /** @param prices n; NaN where there is none: the last one stays */
  take(prices: Float64Array): void {
    const logs = new Float64Array(this.n);
    for (let i = 0; i < this.n; i++) {
      const known = this.prices[i];
      if (!(prices[i] > 0)) {
        logs[i] = Math.log(known);
        continue;
      }
      const value = Math.log(prices[i]);
      if (known > 0) {
        const move = value - Math.log(known);
        this.variance[i] += VARIANCE_DECAY * (move * move - this.variance[i]);
        this.mean[i] += MEAN_DECAY * (value - this.mean[i]);
      } else {
        this.mean[i] = value;
        this.first[i] = prices[i];
      }
      this.prices[i] = prices[i];
      logs[i] = value;
    }
    const before = this.history.length >= DAY ? this.history.shift()! : this.history[0];
    this.history.push(logs);
    for (let i = 0; i < this.n; i++) {
      const day = Math.max(LEAST_VOLATILITY, Math.sqrt(DAY * this.variance[i]));
      this.volatility[i] = day;
      const moved = (logs[i] - (before?.[i] ?? NaN)) / day;
      this.trend[i] = Number.isFinite(moved) ? moved : 0;
      const away = (logs[i] - this.mean[i]) / day;
      this.deviation[i] = Number.isFinite(away) ? away : 0;
    }
  }
}
