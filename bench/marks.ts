import { formatDecimal, PRICE_DECIMALS, roundDecimal, toNumber } from '#lib/amounts';
import { InvalidInputError } from '#lib/errors';
import { MarkKeeper, markParameters } from '#lib/exchange';
import { randomStream } from '#lib/runtime';
import { type Figure, QUICK } from './harness.js';

// The cost of a tick: `node dist/bench/marks.js`, and with the other figures in `npm run bench`.

const MARKETS = 24;
const TICKS = QUICK ? 2_000 : 50_000;
const ROUNDS = QUICK ? 1 : 7;
const T0 = Date.UTC(2026, 0, 1);

interface Tick {
  readonly market: string;
  readonly source: string;
  readonly price: string;
  readonly time: number;
  readonly sequence: number;
}

/** Ticks of all markets in turn, a hundred milliseconds apart, a small step each. */
function ticks(sources: readonly string[]): Tick[] {
  const random = randomStream(7);
  const prices = Array.from({ length: MARKETS }, () => 100);
  return Array.from({ length: TICKS }, (_, i) => {
    const market = i % MARKETS;
    prices[market] *= Math.exp(0.0002 * random.normal());
    return {
      ...{ market: `M${market}`, source: sources[Math.floor(i / MARKETS) % sources.length] },
      ...{ price: prices[market].toFixed(6), time: T0 + 100 * i, sequence: i },
    };
  });
}

/** A board without sources, bands and confirmation, which takes the latest price for the mark: the earlier cost of a tick. */
class LatestPrices {
  private readonly marks = new Map<string, { price: bigint; value: number; text: string; time: number }>();
  private now = 0;

  take({ market, price: text, time }: Tick): void {
    const price = roundDecimal(text, PRICE_DECIMALS, `${market}.price`);
    if (price <= 0n) throw new InvalidInputError(`${market}.price`, `must be positive, got ${text}`);
    if (time > this.now) this.now = time;
    const known = this.marks.get(market);
    if (known !== undefined && time < known.time) return;
    const value = toNumber(price, PRICE_DECIMALS);
    this.marks.set(market, { price, value, text: formatDecimal(price, PRICE_DECIMALS), time });
  }
}

/** Processor time of a tick, seconds: the median of the rounds, each on a board of its own. */
function costOf(stream: readonly Tick[], board: () => { take(tick: Tick): unknown }): number[] {
  return Array.from({ length: ROUNDS + 1 }, () => {
    const one = board();
    const { user, system } = process.cpuUsage();
    for (const tick of stream) one.take(tick);
    const used = process.cpuUsage({ user, system });
    return (used.user + used.system) / 1e6 / stream.length;
  }).slice(ROUNDS > 1 ? 1 : 0);
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1];

/** Cost of a tick with one source and with three, beside a board that keeps the latest price. */
export function markFigures(): Figure[] {
  return [['default'], ['x', 'y', 'z']].map((sources) => {
    const stream = ticks(sources);
    const parameters = markParameters({
      sources: { default: sources.map((source) => ({ source, weight: 1 })) },
    });
    const before = median(costOf(stream, () => new LatestPrices()));
    const ours = median(costOf(stream, () => new MarkKeeper(parameters)));
    return {
      name: `a tick of one of ${MARKETS} markets, ${sources.length} source${sources.length > 1 ? 's' : ''}`,
      ...{ ours, unit: 's', peer: { name: 'the latest price taken as it is', value: before } },
      ...{ ratio: before / ours, target: '≤ 5 µs more', met: ours - before <= 5e-6 },
    };
  });
}

if (process.argv[1] === import.meta.filename) {
  for (const { name, ours, peer, met } of markFigures())
    process.stdout.write(
      `${name}: ${(1e6 * ours).toFixed(2)} µs of processor time, ${(1e6 * peer!.value).toFixed(2)} before: ` +
        `${(1e6 * (ours - peer!.value)).toFixed(2)} more, ${met === true ? 'within' : 'OVER'} 5 µs\n`,
    );
}
