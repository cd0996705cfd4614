import type { MarketSource } from '../apps/zkrisk/src/index.js';
import { marketReturns } from './growth.js';
import type { Figure } from './harness.js';
import type { LoadReport } from './load.process.js';
import { besideEmptyRoute, load, median } from './quotes.js';

const HOUR_MS = 3_600_000;
const START = Date.UTC(2024, 0, 1);
const BARS = 70;

/** Simulated markets M0, M1 …, as many as asked for, in hourly bars. */
export function marketsOf(n: number, bars: number): MarketSource {
  const returns = marketReturns(n);
  return {
    ...{ id: `simulated-${n}-markets`, description: `${n} simulated markets`, notes: [], simulated: true },
    ...{ markets: returns.map((_, i) => `M${i}`), barSeconds: HOUR_MS / 1000, length: bars },
    *rows(index) {
      const logs = returns.map(() => Math.log(100));
      for (let t = 0; t < bars; t++) {
        if (t >= index)
          yield { time: START + t * HOUR_MS, prices: logs.map((log) => Math.exp(log).toFixed(6)) };
        for (let i = 0; i < n; i++) logs[i] += returns[i][t];
      }
    },
  };
}

/** Throughput of POST /v1/quotes beside an empty route of the same app, with so many markets. */
export async function quotesAtMarkets(markets: number, least: number): Promise<Figure> {
  return besideEmptyRoute(marketsOf(markets, BARS), 62, async (url) => {
    const body = JSON.stringify({ legs: [{ market: 'M3', size: '0.25' }] });
    const ask = (path: string, seconds: number) =>
      load({ url: `${url}${path}`, body, seconds, connections: 32, rate: null });
    for (const path of ['/bench/empty', '/v1/quotes']) await ask(path, 2);
    const empty: LoadReport[] = [];
    const quotes: LoadReport[] = [];
    // Rounds alternate, so that other load of the machine falls on both.
    for (let round = 0; round < 5; round++) {
      empty.push(await ask('/bench/empty', 2));
      quotes.push(await ask('/v1/quotes', 2));
    }
    if (quotes.some(({ errors }) => errors > 0)) throw new Error('quotes were refused under load');
    const [theirs, ours] = [empty, quotes].map((reports) => median(reports, ({ perSecond }) => perSecond));
    return {
      ...{ name: `POST /v1/quotes, ${markets} markets`, ours, unit: '/s' },
      peer: { name: 'empty route of the same app', value: theirs },
      ...{ ratio: ours / theirs, target: `≥ ${least} ×`, met: ours / theirs >= least },
    };
  });
}
