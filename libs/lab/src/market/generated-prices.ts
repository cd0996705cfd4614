import { randomStream } from '#lib/runtime';
import { type PricePanel, pricePanel } from './price-panel.js';

export interface GeneratedPricesOptions {
  readonly seed: number;
  readonly markets: number;
  readonly bars: number;
  /** first row, milliseconds; default the start of 2025 */
  readonly start?: number;
  readonly barMs?: number;
  /** a fall of all markets, spread over eight bars, each market's own part added */
  readonly crash?: { readonly bar: number; readonly fall: number };
}

const CRASH_BARS = 8;
const ALPHA = 0.08;
const BETA = 0.9;

/**
 * Prices that are made up: one common factor and each market's own, both GARCH(1,1), jumps now and then, and a crash where one is
 * asked for. The same options give the same prices.
 */
export function generatedPrices(options: GeneratedPricesOptions): PricePanel {
  const { seed, markets: n, bars, crash, barMs = 3_600_000, start = Date.UTC(2025, 0, 1) } = options;
  const random = randomStream(seed);
  const names = Array.from({ length: n }, (_, i) => `GEN-${String(i + 1).padStart(2, '0')}`);
  const logs = names.map(() => Math.log(10 ** (4 * random.uniform())));
  const volatility = names.map(() => 0.005 + 0.006 * random.uniform());
  const common = names.map(() => 0.6 + 0.3 * random.uniform());
  const variances = new Float64Array(n + 1).fill(1);
  const times: number[] = [];
  const text: string[][] = [];
  for (let t = 0; t < bars; t++) {
    times.push(start + t * barMs);
    text.push(logs.map((value) => plain(Math.exp(value))));
    const shocks = Float64Array.from(variances, (variance) => {
      const jump = random.uniform() < 0.001 ? 5 * random.normal() : 0;
      return Math.sqrt(variance) * random.normal() + jump;
    });
    shocks.forEach(
      (shock, k) => (variances[k] = 1 - ALPHA - BETA + ALPHA * shock * shock + BETA * variances[k]),
    );
    const falling = crash !== undefined && t >= crash.bar && t < crash.bar + CRASH_BARS;
    for (let i = 0; i < n; i++) {
      const own = Math.sqrt(1 - common[i] ** 2);
      logs[i] += volatility[i] * (common[i] * shocks[n] + own * shocks[i]);
      if (falling) logs[i] += (Math.log(1 - crash.fall) / CRASH_BARS) * (0.7 + 0.6 * random.uniform());
    }
  }
  return pricePanel(names, times, text);
}

/** Eight significant digits, without an exponent. */
function plain(value: number): string {
  const text = value.toPrecision(8);
  return text.includes('e') ? Number(text).toFixed(12).replace(/0+$/, '') : text;
}
