import { randomStream } from '#lib/runtime';
import type { MarketRow, MarketSource } from './market-source.js';

const BAR_SECONDS = 3600;
const START = Date.UTC(2025, 0, 1);

/** Name, first price and hourly volatility of each simulated market. */
const MARKETS = [
  ['SIM-A', 40_000, 0.006],
  ['SIM-B', 2_500, 0.0075],
  ['SIM-C', 300, 0.007],
  ['SIM-D', 95, 0.011],
  ['SIM-E', 0.6, 0.009],
  ['SIM-F', 18, 0.01],
  ['SIM-G', 7.5, 0.0095],
  ['SIM-H', 0.09, 0.012],
] as const;

const ALPHA = 0.07;
const BETA = 0.91;
const JUMP_PROBABILITY = 0.002;
const JUMP_SIZE = 6;

/**
 * A market that is made up: factors follow GARCH(1,1), a fixed mixing matrix makes the returns, and now and then
 * one factor jumps. The same seed gives the same market.
 */
export function simulatedMarket(seed: number, length?: number): MarketSource {
  const n = MARKETS.length;
  return {
    id: `simulated-${seed}`,
    description: `SIMULATED market (seed ${seed}): ${n} markets of hourly bars; no real prices`,
    notes: [],
    simulated: true,
    markets: MARKETS.map(([name]) => name),
    barSeconds: BAR_SECONDS,
    length,
    *rows(index) {
      let at = 0;
      for (const row of generate(seed, length)) if (at++ >= index) yield row;
    },
  };
}

function* generate(seed: number, length: number | undefined): Iterable<MarketRow> {
  const n = MARKETS.length;
  const random = randomStream(seed);
  // A common factor moves everything; the others are shared by a few.
  const mixing = MARKETS.map((_, i) =>
    MARKETS.map((__, k) => (k === 0 ? 0.75 : k === i ? 0.6 : 0.12 * random.normal())),
  );
  const norms = mixing.map((row) => Math.sqrt(row.reduce((sum, value) => sum + value * value, 0)));
  const variances = new Float64Array(n).fill(1);
  const factors = new Float64Array(n);
  const logPrices = MARKETS.map(([, price]) => Math.log(price));
  for (let t = 0; length === undefined || t < length; t++) {
    yield {
      time: START + t * BAR_SECONDS * 1000,
      prices: logPrices.map((value) => Math.exp(value).toPrecision(8)).map(plain),
    };
    for (let k = 0; k < n; k++) {
      const jump = random.uniform() < JUMP_PROBABILITY ? JUMP_SIZE * random.normal() : 0;
      factors[k] = Math.sqrt(variances[k]) * random.normal() + jump;
      variances[k] = 1 - ALPHA - BETA + ALPHA * factors[k] ** 2 + BETA * variances[k];
    }
    MARKETS.forEach(([, , volatility], i) => {
      let value = 0;
      for (let k = 0; k < n; k++) value += mixing[i][k] * factors[k];
      logPrices[i] += (volatility * value) / norms[i];
    });
  }
}

/** toPrecision without an exponent. */
function plain(text: string): string {
  return text.includes('e') ? Number(text).toFixed(12).replace(/0+$/, '') : text;
}
