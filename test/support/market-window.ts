import { csvMarket, type MarketSource } from '../../apps/zkrisk/src/index.js';

/** Some markets of a CSV between two times, as a market of its own. */
export function marketWindow(
  path: string,
  { markets, from, to }: { markets: readonly string[]; from: string; to: string },
): MarketSource {
  const whole = csvMarket([path]);
  const columns = markets.map((market) => whole.markets.indexOf(market));
  const rows = [...whole.rows(0)]
    .filter(({ time }) => time >= Date.parse(from) && time < Date.parse(to))
    .map(({ time, prices }) => ({ time, prices: columns.map((column) => prices[column]) }));
  return {
    ...whole,
    ...{ id: `${whole.id}-${from}`, markets, length: rows.length },
    *rows(index) {
      yield* rows.slice(index);
    },
  };
}
