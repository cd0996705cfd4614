import { divide, MONEY_DECIMALS, parseDecimal, PRICE_DECIMALS, SIZE_DECIMALS } from '#lib/amounts';
import type { BookChange, OpeningBook } from '#lib/commitment';
import type { MarketBoard } from '../marks/market-board.js';
import type { StandingBook } from '../standing-book.js';
import type { BookedLeg, BookEvent } from './book-event.js';
import { marketsOf } from './decided-command.js';
import type { ExchangeLedger } from './exchange-ledger.js';

const PRICE_ZEROS = '0'.repeat(18 - PRICE_DECIMALS);
const SAFE = BigInt(Number.MAX_SAFE_INTEGER);

/** An integer as text: a number's conversion takes a tenth of a bigint's, and a trade has ten of them. */
function integerText(value: bigint): string {
  return value <= SAFE && value >= -SAFE ? String(Number(value)) : String(value);
}

const NOT_TRADED = { traded: 0n, riskPremium: 0n, liquidityPremium: 0n, charged: 0n };

/** The pool's book in the markets where it has any. */
export function netBook(ledger: ExchangeLedger): OpeningBook {
  return [...ledger.marketNames()].flatMap((market) => {
    const { size, entryNotional } = ledger.market(market);
    return size === 0n && entryNotional === 0n
      ? []
      : [[market, String(size), String(entryNotional)] as const];
  });
}

/** Records each change of the pool's book, with the marks and the pool's amounts that its premium was computed from. */
export class BookRecorder {
  private records: BookChange[] = [];
  /** marks that records of this bar have */
  private readonly known = new Map<string, bigint>();
  /** markets whose marks may be others than the known ones */
  private readonly moved = new Set<string>();

  constructor(
    private readonly ledger: ExchangeLedger,
    private readonly board: MarketBoard,
    private readonly standing: StandingBook,
  ) {
    this.begin();
  }

  /** A market's mark is another one. */
  marked(market: string): void {
    this.moved.add(market);
  }

  /** Records since this was called last. */
  take(): BookChange[] {
    const taken = this.records;
    this.records = [];
    return taken;
  }

  /** The next record begins anew: it has the marks of all markets with a position. */
  begin(): void {
    this.known.clear();
    for (const market of this.ledger.marketNames()) this.moved.add(market);
  }

  /**
   * Applies an event, and records the change of the book where there is one.
   *
   * @param apply changes the ledger
   */
  record(event: BookEvent, apply: () => void): void {
    const markets = [...new Set(marketsOf(event))];
    if (markets.length === 0) {
      apply();
      return;
    }
    const held = markets.map((market) => ({ market, ...this.position(market) }));
    const terms = this.standing.exactCapital();
    const priced = this.pricedOf(event);
    apply();
    const changes = held.flatMap(({ market, net, entry }) => {
      const now = this.position(market);
      return now.net === net && now.entry === entry
        ? []
        : [[market, integerText(now.net), integerText(now.entry)] as const];
    });
    if (changes.length === 0 && priced.charged === 0n) return;
    this.records.push({
      ...{ sequence: this.ledger.eventCount, time: event.at, kind: kindOf(event, priced) },
      ...{
        capital: integerText(terms.capital),
        liquidity: integerText(terms.liquidity),
        pending: integerText(terms.pending),
      },
      ...{ traded: integerText(priced.traded), riskPremium: integerText(priced.riskPremium) },
      ...{ liquidityPremium: integerText(priced.liquidityPremium), charged: integerText(priced.charged) },
      changes,
      marks: this.changedMarks(markets),
    });
  }

  private position(market: string): { net: bigint; entry: bigint } {
    const { size, entryNotional } = this.ledger.market(market);
    return { net: size, entry: entryNotional };
  }

  /** Marks of the event's markets, and of those with a position, that have moved: O(moved). */
  private changedMarks(markets: readonly string[]): BookChange['marks'] {
    const changed: [string, string][] = [];
    for (const market of markets) this.moved.add(market);
    for (const market of this.moved) {
      const { net, entry } = this.position(market);
      // A mark of a market without a position waits until there is one.
      if (net === 0n && entry === 0n && !markets.includes(market)) continue;
      this.moved.delete(market);
      const price = this.board.mark(market)?.price ?? 0n;
      if (this.known.get(market) === price) continue;
      this.known.set(market, price);
      changed.push([market, price === 0n ? '0' : integerText(price) + PRICE_ZEROS]);
    }
    return changed;
  }

  /** The model's premium of a trade that has just been decided, and its charged premium. */
  private pricedOf(event: BookEvent): typeof NOT_TRADED {
    const traded = tradedOf(event);
    if (traded === undefined) return NOT_TRADED;
    const { legs, charged } = traded;
    const last = this.standing.lastPrice;
    // Nothing is priced between a decision and its event.
    if (
      last?.legs.length !== legs.size ||
      last.legs.some((leg) => legs.get(leg.name)?.size !== leg.exactSize)
    )
      return { ...NOT_TRADED, charged };
    const value = [...legs.values()].reduce((sum, leg) => sum + leg.value, 0n);
    const { riskPremium, liquidityPremium } = last;
    return { traded: value, riskPremium, liquidityPremium, charged };
  }
}

function kindOf(event: BookEvent, { traded, charged, riskPremium }: typeof NOT_TRADED): BookChange['kind'] {
  if (event.kind === 'trade-booked' && event.quoteId !== null) return 2;
  return (event.kind === 'trade-booked' && event.legs.length > 0) ||
    charged > 0n ||
    traded !== 0n ||
    riskPremium > 0n
    ? 1
    : 0;
}

interface Traded {
  readonly legs: Map<string, { size: bigint; value: bigint }>;
  readonly charged: bigint;
}

/** A trade's or a match's legs against the pool, netted by market; undefined for other events. */
function tradedOf(event: BookEvent): Traded | undefined {
  const sides =
    event.kind === 'trade-booked' ? [event] : event.kind === 'match-booked' ? event.accounts : undefined;
  if (sides === undefined) return undefined;
  const money = (text: string) => parseDecimal(text, MONEY_DECIMALS, 'premium');
  return {
    legs: fillsByMarket(sides.flatMap(({ legs }) => legs)),
    charged: sides.reduce(
      (sum, { riskPremium, liquidityPremium }) => sum + money(riskPremium) + money(liquidityPremium),
      0n,
    ),
  };
}

/** Sizes and values at execution prices; fills between accounts cancel. */
function fillsByMarket(legs: readonly BookedLeg[]): Traded['legs'] {
  const exact = new Map<string, { size: bigint; value: bigint }>();
  for (const { market, size, price } of legs) {
    const known = exact.get(market) ?? { size: 0n, value: 0n };
    const signed = parseDecimal(size, SIZE_DECIMALS, 'legs.size');
    const at = parseDecimal(price, PRICE_DECIMALS, 'legs.price');
    exact.set(market, { size: known.size + signed, value: known.value + signed * at });
  }
  const scale = 10n ** BigInt(SIZE_DECIMALS + PRICE_DECIMALS - MONEY_DECIMALS);
  return new Map(
    [...exact]
      .filter(([, { size }]) => size !== 0n)
      .map(([market, { size, value }]) => [market, { size, value: divide(value, scale, 'nearest') }]),
  );
}
