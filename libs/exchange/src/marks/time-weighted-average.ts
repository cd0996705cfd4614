/** Checkpoints of the integral in a span. */
const CHECKPOINTS = 60;

/** All that {@link TimeWeightedAverage} remembers. */
export interface TimeWeightedAverageState {
  readonly price: number;
  readonly time: number;
  readonly integral: number;
  readonly checkpoints: readonly (readonly [time: number, integral: number])[];
}

/**
 * Time-weighted average of a step function over a sliding span. Its integral is kept at up to 61 checkpoints a span,
 * linear between them, so that memory does not grow with the number of ticks.
 */
export class TimeWeightedAverage {
  private price = 0;
  private time = 0;
  private integral = 0;
  private checkpoints: [time: number, integral: number][] = [];

  constructor(
    private readonly spanMs: number,
    state?: TimeWeightedAverageState,
  ) {
    if (state === undefined) return;
    ({ price: this.price, time: this.time, integral: this.integral } = state);
    this.checkpoints = state.checkpoints.map(([time, integral]) => [time, integral]);
  }

  /** The price is `price` from `time` on; a time before the last one counts as the last one. */
  set(price: number, time: number): void {
    if (this.checkpoints.length === 0) {
      this.time = time;
      this.checkpoints.push([time, 0]);
    } else if (time > this.time) {
      this.integral += this.price * (time - this.time);
      this.time = time;
      if (time - this.checkpoints.at(-1)![0] >= this.spanMs / CHECKPOINTS)
        this.checkpoints.push([time, this.integral]);
      // The last checkpoint before the span is kept.
      while (this.checkpoints.length > 2 && this.checkpoints[1][0] <= time - this.spanMs)
        this.checkpoints.shift();
    }
    this.price = price;
  }

  /** Average over the span that ends at `time`, or since the first price; undefined before there is one. */
  at(time: number): number | undefined {
    const [first] = this.checkpoints;
    if (first === undefined) return undefined;
    const end = Math.max(time, this.time);
    const begin = Math.max(end - this.spanMs, first[0]);
    if (end <= begin) return this.price;
    return (this.integralAt(end) - this.integralAt(begin)) / (end - begin);
  }

  /** The same prices in another unit. */
  rescale(factor: number): void {
    this.price *= factor;
    this.integral *= factor;
    for (const checkpoint of this.checkpoints) checkpoint[1] *= factor;
  }

  snapshot(): TimeWeightedAverageState | null {
    if (this.checkpoints.length === 0) return null;
    const { price, time, integral } = this;
    return { price, time, integral, checkpoints: this.checkpoints.map(([at, value]) => [at, value]) };
  }

  private integralAt(time: number): number {
    if (time >= this.time) return this.integral + this.price * (time - this.time);
    let next: readonly [number, number] = [this.time, this.integral];
    for (let i = this.checkpoints.length - 1; i >= 0; i--) {
      const [at, value] = this.checkpoints[i];
      if (at <= time)
        return next[0] === at ? value : value + ((next[1] - value) * (time - at)) / (next[0] - at);
      next = this.checkpoints[i];
    }
    return next[1];
  }
}
