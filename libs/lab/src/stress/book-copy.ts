import { MONEY_DECIMALS, SIZE_DECIMALS, toNumber } from '#lib/amounts';
import {
  accountsOf,
  type BookEvent,
  type ExchangeLedger,
  type PlaceSet,
  type PricingEngine,
} from '#lib/exchange';
import type { PortfolioModel } from '#lib/margin';
import type { FactorForecast } from '#lib/risk';
import { poolWorth } from './pool-worth.js';

/** Everything of a book that exists once, or once a market. Plain data: it can be sent to another thread. */
export interface BookFrame {
  /** market time, milliseconds */
  readonly at: number;
  readonly forecastId: string;
  /** end of the forecast's bar, milliseconds */
  readonly barEnd: number;
  /** markets of the forecast, in its order */
  readonly forecastMarkets: readonly string[];
  readonly forecast: FactorForecast;
  /** markets that positions can be in: an {@link AccountSlice} has their indices */
  readonly markets: readonly string[];
  /** by market; NaN without one */
  readonly marks: Float64Array;
  /** for the maintenance margins; its scenarios have names alone, their moves are in `shocks` */
  readonly margin: PortfolioModel;
  /** the moves that credit is measured in: the same object where margin is measured in them too */
  readonly stress: PortfolioModel;
  /** worth of P and of L with the open book at marks, money */
  readonly capital: number;
  readonly liquidity: number;
  /** accounts with positions */
  readonly accounts: number;
}

/** Some accounts with positions, in columns. */
export interface AccountSlice {
  readonly names: readonly string[];
  /** cash less what is owed, money */
  readonly collateral: Float64Array;
  /** where an account's positions end: those of the first one begin at 0 */
  readonly ends: Int32Array;
  readonly market: Int32Array;
  readonly size: Float64Array;
  readonly entryNotional: Float64Array;
}

/** An account, and its positions one after the other: market, size, entry notional. */
interface Row {
  readonly name: string;
  readonly collateral: number;
  readonly positions: readonly number[];
}
const FIELDS = 3;

/** A slice ends after so many positions that were copied: about a millisecond. */
const SLICE = 1000;

/**
 * A copy of an engine's book as it is at one moment, taken some accounts at a time while the engine goes on: an account that is about to
 * change is copied before it does. Marks, funding indices and the pool are taken at once.
 */
export class BookCopy {
  /** place of the account that is copied next; Infinity where all have been */
  private next: number;
  private copied = 0;
  /** places of the accounts that had positions when the copy began */
  private readonly open: PlaceSet;
  /** accounts that changed before it was their turn, by their places: as they were */
  private readonly early = new Map<number, Row>();
  private readonly indices: readonly { readonly fundingIndex: bigint }[];
  private readonly indexOf: ReadonlyMap<string, number>;
  private readonly unwatch: () => void;

  /** Begins a copy; null before there are a forecast and marks. It must be taken to its end, or closed. */
  static of(engine: PricingEngine): BookCopy | null {
    const frame = frameOf(engine);
    return frame && new BookCopy(engine.ledger, frame);
  }

  private constructor(
    private readonly ledger: ExchangeLedger,
    readonly frame: BookFrame,
  ) {
    this.open = ledger.openPlaces();
    this.next = this.open.next(0);
    this.indices = frame.markets.map((market) => ({ fundingIndex: ledger.market(market).fundingIndex }));
    this.indexOf = new Map(frame.markets.map((market, i) => [market, i]));
    this.unwatch = ledger.watch((event) => {
      this.aboutToChange(event);
    });
  }

  /**
   * The next accounts, in the order in which they came to the exchange.
   *
   * @param most positions, about
   * @returns undefined where there are no more
   * @throws {Error} where the accounts are not as many as there were
   */
  slice(most = SLICE): AccountSlice | undefined {
    const rows: Row[] = [];
    for (
      let positions = 0;
      this.next < Infinity && positions < most;
      this.next = this.open.next(this.next + 1)
    ) {
      const row = this.early.get(this.next) ?? this.row(this.ledger.participants[this.next]);
      this.early.delete(this.next);
      if (row === undefined) continue;
      rows.push(row);
      positions += row.positions.length / FIELDS;
    }
    this.copied += rows.length;
    if (rows.length > 0) return columnsOf(rows);
    this.close();
    if (this.copied !== this.frame.accounts)
      throw new Error(`${this.copied} accounts were copied of ${this.frame.accounts} with positions`);
    return undefined;
  }

  /** Ends it: changes of accounts cost nothing any more. */
  close(): void {
    this.unwatch();
    this.early.clear();
  }

  private aboutToChange(event: BookEvent): void {
    for (const account of accountsOf(event)) {
      const place = this.ledger.placeOf(account);
      if (place === undefined || place < this.next || !this.open.has(place) || this.early.has(place))
        continue;
      const row = this.row(account);
      if (row !== undefined) this.early.set(place, row);
    }
  }

  /** An account as it is now, at the funding indices and the time of the copy; undefined without positions. */
  private row(name: string): Row | undefined {
    const { ledger, frame } = this;
    if (!ledger.hasPositions(name)) return undefined;
    let cash = ledger.cashOf(name) - ledger.creditOf(name, frame.at).owed;
    const positions: number[] = [];
    for (const [market, position] of ledger.positionsOf(name)) {
      const index = this.indexOf.get(market)!;
      cash -= ledger.fundingOwedOn(market, position, this.indices[index]);
      positions.push(
        index,
        toNumber(position.size, SIZE_DECIMALS),
        toNumber(position.entryNotional, MONEY_DECIMALS),
      );
    }
    return { name, collateral: toNumber(cash, MONEY_DECIMALS), positions };
  }
}

function frameOf(engine: PricingEngine): BookFrame | null {
  const { ledger, board, parameters, accounts } = engine;
  const forecast = board.priceForecast(parameters.alpha);
  if (forecast === null) return null;
  const { forecastId, barEnd } = board.latestForecast!;
  const { exchange, liquidity } = poolWorth(ledger, board);
  const markets = ledger.marketNames();
  const open = markets.filter((market) => ledger.isOpen(market));
  const { margin, stress } = accounts.model(open.map((market) => ({ market })));
  const plain = withNamesAlone(margin);
  return {
    ...{ at: board.now, forecastId, barEnd, forecastMarkets: board.markets, forecast: forecast.returns },
    ...{ markets, marks: Float64Array.from(markets, (market) => board.mark(market)?.value ?? NaN) },
    ...{ margin: plain, stress: stress === margin ? plain : withNamesAlone(stress) },
    ...{ capital: exchange, liquidity, accounts: ledger.openCount },
  };
}

function withNamesAlone(model: PortfolioModel): PortfolioModel {
  return { ...model, scenarios: model.scenarios.map(({ name }) => ({ name, shocks: [] })) };
}

function columnsOf(rows: readonly Row[]): AccountSlice {
  const count = rows.reduce((sum, { positions }) => sum + positions.length / FIELDS, 0);
  const market = new Int32Array(count);
  const size = new Float64Array(count);
  const entryNotional = new Float64Array(count);
  const ends = new Int32Array(rows.length);
  let at = 0;
  rows.forEach(({ positions }, a) => {
    for (let i = 0; i < positions.length; i += FIELDS, at++) {
      market[at] = positions[i];
      size[at] = positions[i + 1];
      entryNotional[at] = positions[i + 2];
    }
    ends[a] = at;
  });
  return {
    names: rows.map(({ name }) => name),
    collateral: Float64Array.from(rows, ({ collateral }) => collateral),
    ...{ ends, market, size, entryNotional },
  };
}
