import { randomStream } from '#lib/runtime';
import { type CoverageTests, coverageTests } from './coverage.js';
import { dynamicQuantile } from './dynamic-quantile.js';

/** Levels at which bounds are tested. */
export const COVERAGE_LEVELS = [0.05, 0.01, 0.001] as const;
/** Φ⁻¹(1 − level), of the levels in order. */
const QUANTILES = [1.6448536269514722, 2.3263478740408408, 3.090232306167813];
/** Fixed random books beside the equally weighted one: they tell of a tail that one book alone would never reach. */
const BOOKS = 100;

/** How often losses passed a bound of a Gaussian forecast. */
export interface BoundCoverage {
  readonly bound: 'VaR' | 'EVaR';
  readonly level: number;
  /** of the equally weighted portfolio, on origins a horizon apart so that outcomes do not overlap */
  readonly equalWeight: CoverageTests & { readonly dynamicQuantile: ReturnType<typeof dynamicQuantile> };
  /** share of (origin, book) pairs over fixed random books */
  readonly randomBooks: number;
}

/** Collects losses of one model at one horizon. */
export class PortfolioCoverage {
  private readonly books: readonly Float64Array[];
  private readonly losses: number[] = [];
  private readonly deviations: number[] = [];
  private readonly beyond = COVERAGE_LEVELS.map(() => ({ VaR: 0, EVaR: 0 }));
  private pairs = 0;

  constructor(n: number) {
    const random = randomStream(20_261_126);
    this.books = Array.from({ length: BOOKS }, () => Float64Array.from({ length: n }, () => random.normal()));
  }

  /**
   * @param covariance n×n, row-major
   * @param outcome summed returns over the horizon
   */
  add(covariance: Float64Array, outcome: Float64Array): void {
    const n = outcome.length;
    const deviationOf = (x: Float64Array) => {
      let variance = 0;
      for (let i = 0; i < n; i++) {
        let sum = 0;
        for (let j = 0; j < n; j++) sum += covariance[i * n + j] * x[j];
        variance += x[i] * sum;
      }
      return Math.sqrt(variance);
    };
    const lossOf = (x: Float64Array) => -x.reduce((sum, value, i) => sum + value * outcome[i], 0);
    const equal = new Float64Array(n).fill(1 / n);
    this.losses.push(lossOf(equal));
    this.deviations.push(deviationOf(equal));
    for (const book of this.books) {
      const standardised = lossOf(book) / deviationOf(book);
      COVERAGE_LEVELS.forEach((level, l) => {
        if (standardised > QUANTILES[l]) this.beyond[l].VaR++;
        if (standardised > Math.sqrt(-2 * Math.log(level))) this.beyond[l].EVaR++;
      });
      this.pairs++;
    }
  }

  result(): BoundCoverage[] {
    return COVERAGE_LEVELS.flatMap((level, l) =>
      (['VaR', 'EVaR'] as const).map((bound) => {
        const multiple = bound === 'VaR' ? QUANTILES[l] : Math.sqrt(-2 * Math.log(level));
        const bounds = this.deviations.map((deviation) => multiple * deviation);
        const hits = this.losses.map((loss, t) => loss > bounds[t]);
        return {
          bound,
          level,
          equalWeight: {
            ...coverageTests(hits, level),
            dynamicQuantile: dynamicQuantile(hits, bounds, level),
          },
          randomBooks: this.beyond[l][bound] / this.pairs,
        };
      }),
    );
  }
}
