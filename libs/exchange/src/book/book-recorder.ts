import {
  divide,
  formatDecimal,
  MONEY_DECIMALS,
  NOTIONAL_SCALE,
  parseDecimal,
  PRICE_DECIMALS,
  SIZE_DECIMALS,
} from '#lib/amounts';
import type { BookChange, OpeningBook } from '#lib/commitment';
import type { MarketBoard } from '../marks/market-board.js';
import type { StandingBook } from '../standing-book.js';
import type { TradePrice } from '../trades/trade-price.js';
import type { BookedLeg, BookEvent } from './book-event.js';
import type { ExchangeLedger } from './exchange-ledger.js';

const PRICE_ZEROS = '0'.repeat(18 - PRICE_DECIMALS);
/** An integer as text, faster than `String` of most bigints: a trade has ten of them. */
const integerText = (value: bigint) => formatDecimal(value, 0);

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

/** A change as the machine notes it on the way of a trade: references and numbers that it has at hand. */
interface NotedChange {
  readonly sequence: number;
  readonly event: BookEvent;
  readonly terms: ReturnType<StandingBook['exactCapital']>;
  /** the last price that was asked for before the event */
  readonly price: TradePrice | undefined;
  readonly changes: readonly (readonly [market: string, net: bigint, entry: bigint])[];
  readonly marks: readonly (readonly [market: string, price: bigint])[];
}

/**
 * Records each change of the pool's book, with the marks and the pool's amounts that its premium was computed from. A decision pays for
 * notes alone; they become records when these are taken, once a batch.
 */
export class BookRecorder {
  private notes: NotedChange[] = [];
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
    const taken = this.notes.map(recordOf);
    this.notes = [];
    return taken;
  }

  /** The next record begins anew: it has the marks of all markets with a position. */
  begin(): void {
    this.known.clear();
    for (const market of this.ledger.marketNames()) this.moved.add(market);
  }

  /**
   * Applies an event, and notes the change of the book where there is one.
   *
   * @param markets whose positions it changes, by {@link marketsOf}
   * @param apply changes the ledger
   */
  record(event: BookEvent, markets: readonly string[], apply: () => void): void {
    if (markets.length === 0) {
      apply();
      return;
    }
    const nets: bigint[] = [];
    const entries: bigint[] = [];
    for (const market of markets) {
      const { size, entryNotional } = this.ledger.market(market);
      nets.push(size);
      entries.push(entryNotional);
    }
    const terms = this.standing.exactCapital();
    const price = this.standing.lastPrice;
    apply();
    const changes: (readonly [string, bigint, bigint])[] = [];
    for (let i = 0; i < markets.length; i++) {
      const market = markets[i];
      const { size, entryNotional } = this.ledger.market(market);
      if (size === nets[i] && entryNotional === entries[i]) continue;
      // A market of two legs has one position.
      if (markets.indexOf(market) === i) changes.push([market, size, entryNotional]);
    }
    if (changes.length === 0 && !(chargedOf(event) > 0n)) return;
    const marks = this.changedMarks(markets);
    this.notes.push({ sequence: this.ledger.eventCount, event, terms, price, changes, marks });
  }

  /** Marks of the event's markets, and of those with a position, that have moved: O(moved). */
  private changedMarks(markets: readonly string[]): NotedChange['marks'] {
    const changed: (readonly [string, bigint])[] = [];
    for (const market of markets) this.moved.add(market);
    for (const market of this.moved) {
      const { size, entryNotional } = this.ledger.market(market);
      // A mark of a market without a position waits for the event that opens one.
      if (size === 0n && entryNotional === 0n && !markets.includes(market)) continue;
      const price = this.board.mark(market)?.price ?? 0n;
      if (this.known.get(market) === price) continue;
      this.known.set(market, price);
      changed.push([market, price]);
    }
    this.moved.clear();
    return changed;
  }
}

/** A note as the record of a journal: amounts as texts, the model's premium of a trade beside what was charged. */
function recordOf({ sequence, event, terms, price, changes, marks }: NotedChange): BookChange {
  const priced = pricedOf(event, price);
  // Field by field: parts spread together would take longer than their texts.
  return {
    sequence,
    time: event.at,
    kind: kindOf(event, priced),
    capital: integerText(terms.capital),
    liquidity: integerText(terms.liquidity),
    pending: integerText(terms.pending),
    traded: integerText(priced.traded),
    riskPremium: integerText(priced.riskPremium),
    liquidityPremium: integerText(priced.liquidityPremium),
    charged: integerText(priced.charged),
    changes: changes.map(([market, net, entry]) => [market, integerText(net), integerText(entry)]),
    marks: marks.map(([market, mark]) => [market, mark === 0n ? '0' : integerText(mark) + PRICE_ZEROS]),
  };
}

/** The model's premium of a trade that had just been decided, and its charged premium. @param last price before the event */
function pricedOf(event: BookEvent, last: TradePrice | undefined): typeof NOT_TRADED {
  const sides = sidesOf(event);
  if (sides === undefined) return NOT_TRADED;
  const charged = chargedOf(event);
  const value = valueOfSingleLeg(event, last);
  if (value !== undefined) {
    const { riskPremium, liquidityPremium } = last!;
    return { traded: value, riskPremium, liquidityPremium, charged };
  }
  const legs = fillsByMarket(sides.flatMap((side) => side.legs));
  // Nothing is priced between a decision and its event.
  if (last?.legs.length !== legs.size || last.legs.some((leg) => legs.get(leg.name)?.size !== leg.exactSize))
    return { ...NOT_TRADED, charged };
  const traded = [...legs.values()].reduce((sum, leg) => sum + leg.value, 0n);
  const { riskPremium, liquidityPremium } = last;
  return { traded, riskPremium, liquidityPremium, charged };
}

/** Most trades have one leg, which was priced last: its value, without sums by market; undefined for any other event. */
function valueOfSingleLeg(event: BookEvent, last: TradePrice | undefined): bigint | undefined {
  if (event.kind !== 'trade-booked' || event.legs.length !== 1 || last?.legs.length !== 1) return undefined;
  const [{ market, size, price }] = event.legs;
  const [{ name, exactSize }] = last.legs;
  const signed = parseDecimal(size, SIZE_DECIMALS, 'legs.size');
  if (market !== name || signed !== exactSize || signed === 0n) return undefined;
  return divide(signed * parseDecimal(price, PRICE_DECIMALS, 'legs.price'), NOTIONAL_SCALE, 'nearest');
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

/** A trade, or the accounts of a match; undefined for other events. */
function sidesOf(event: BookEvent) {
  if (event.kind === 'trade-booked') return [event];
  return event.kind === 'match-booked' ? event.accounts : undefined;
}

/** Premia that an event charges, money. */
function chargedOf(event: BookEvent): bigint {
  let charged = 0n;
  for (const { riskPremium, liquidityPremium } of sidesOf(event) ?? [])
    charged += premium(riskPremium) + premium(liquidityPremium);
  return charged;
}

const premium = (text: string) => parseDecimal(text, MONEY_DECIMALS, 'premium');

/** Sizes and values at execution prices; fills between accounts cancel. */
function fillsByMarket(legs: readonly BookedLeg[]): Map<string, { size: bigint; value: bigint }> {
  const exact = new Map<string, { size: bigint; value: bigint }>();
  for (const { market, size, price } of legs) {
    const known = exact.get(market) ?? { size: 0n, value: 0n };
    const signed = parseDecimal(size, SIZE_DECIMALS, 'legs.size');
    const at = parseDecimal(price, PRICE_DECIMALS, 'legs.price');
    exact.set(market, { size: known.size + signed, value: known.value + signed * at });
  }
  return new Map(
    [...exact]
      .filter(([, { size }]) => size !== 0n)
      .map(([market, { size, value }]) => [
        market,
        { size, value: divide(value, NOTIONAL_SCALE, 'nearest') },
      ]),
  );
}
