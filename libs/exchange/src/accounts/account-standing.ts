import { fromNumber, MONEY_DECIMALS, notionalOf, SIZE_DECIMALS, toNumber } from '#lib/amounts';
import {
  deviationOf,
  equityOf,
  expectedDeficit,
  type MarginPosition,
  type MarginStanding,
  openInterestMargin,
  standing,
  widestShock,
} from '#lib/margin';
import type { ExchangeLedger } from '../book/exchange-ledger.js';
import type { MarketBoard } from '../marks/market-board.js';
import type { RiskRules } from '../parameters/risk-rules.js';
import { type MarginModel, MarginModels } from './margin-models.js';

const HOUR_MS = 3_600_000;

/** A trade as it would change an account. */
export interface TradeEffect {
  readonly legs: readonly { readonly market: string; readonly size: number; readonly price: number }[];
  readonly cost: number;
  /** of reserved equity: the part that is free with the trade, money */
  readonly released?: number;
  /** changes of open interest by all that is booked together with the trade, by market; default: by its own legs */
  readonly interest?: ReadonlyMap<string, InterestChange>;
}

/** Change of a market's open interest: of the longs, and of longs less shorts; units of size. */
export interface InterestChange {
  readonly long: number;
  readonly net: number;
}

const NO_LEGS: TradeEffect = { legs: [], cost: 0 };

/** A margin account marked to market. */
export interface AccountStanding extends MarginStanding {
  readonly positions: readonly MarginPosition[];
  readonly collateral: number;
  /** equity that orders hold, money; not available */
  readonly reserved: number;
}

/** An account as the caps on debts see it. */
export type HeldAtMarks = Pick<AccountStanding, 'equity' | 'positions'>;

/** Margin of the traders' accounts, at the marks of now. */
export class AccountStandings {
  private readonly models: MarginModels;
  /** positions of the account whose charge was computed last: a pass computes thousands */
  private readonly charged: { market: string; notional: number }[] = [];

  /** @param capital K, money */
  constructor(
    private readonly ledger: ExchangeLedger,
    private readonly board: MarketBoard,
    private readonly rules: () => RiskRules,
    private readonly capital: () => number,
  ) {
    this.models = new MarginModels(board);
  }

  /** The margin that holds for positions in some markets. */
  model(positions: readonly { readonly market: string }[]): MarginModel {
    return this.models.model(this.rules(), this.capital(), positions);
  }

  /** A margin account marked to market; `trade` is applied first. Markets without a mark are at their entry. */
  standing(marginAccount: string, trade?: TradeEffect): AccountStanding {
    const { collateral, positions } = this.marked(marginAccount, trade);
    const reserved = toNumber(this.ledger.reservedOf(marginAccount), MONEY_DECIMALS) - (trade?.released ?? 0);
    return this.standingOf(collateral, positions, reserved, { marginAccount, trade: trade ?? NO_LEGS });
  }

  /** Equity and positions of {@link standing} alone, the same to the bit: caps on debts ask for no margin. */
  atMarks(marginAccount: string, trade?: TradeEffect): HeldAtMarks {
    const { collateral, positions } = this.marked(marginAccount, trade);
    return { equity: equityOf(collateral, positions), positions };
  }

  /** An account's collateral and its positions at their marks; `trade` is applied first. */
  private marked(
    marginAccount: string,
    trade?: TradeEffect,
  ): { collateral: number; positions: MarginPosition[] } {
    const { ledger, board } = this;
    let cash = ledger.cashOf(marginAccount) - ledger.creditOf(marginAccount, board.now).owed;
    const open: { market: string; size: number; entryNotional: number; mark: number }[] = [];
    for (const [market, position] of ledger.positionsOf(marginAccount)) {
      cash -= ledger.fundingOwedOn(market, position);
      open.push({
        market,
        size: toNumber(position.size, SIZE_DECIMALS),
        entryNotional: toNumber(position.entryNotional, MONEY_DECIMALS),
        mark: NaN,
      });
    }
    let collateral = toNumber(cash, MONEY_DECIMALS) - (trade?.cost ?? 0);
    for (const { market, size, price } of trade?.legs ?? []) {
      // Equity does not depend on how entry prices are averaged: realised gains are cash, the rest is open.
      let held = open.find((position) => position.market === market);
      if (held === undefined) {
        held = { market, size: 0, entryNotional: 0, mark: NaN };
        open.push(held);
      }
      held.size += size;
      held.entryNotional += size * price;
      if (Math.abs(held.size) > 1e-12) continue;
      collateral -= held.entryNotional;
      open.splice(open.indexOf(held), 1);
    }
    for (const position of open)
      position.mark = board.mark(position.market)?.value ?? position.entryNotional / position.size;
    return { collateral, positions: open };
  }

  /**
   * Equity and margins of positions at their marks.
   *
   * @param held their account, and the trade that they include already, which changes open interest too; undefined for no account's
   */
  standingOf(
    collateral: number,
    positions: readonly MarginPosition[],
    reserved = 0,
    held?: { readonly marginAccount: string; readonly trade: TradeEffect },
  ): AccountStanding {
    const model = this.model(positions);
    const marked = standing(collateral, positions, model.margin);
    const raised = this.openInterestMargin(positions, model, held);
    const initialMargin = Math.max(marked.initialMargin, raised);
    // Field by field: on the way of every trade a spread of numbers costs microseconds.
    return {
      equity: marked.equity,
      unrealisedPnl: marked.unrealisedPnl,
      notional: marked.notional,
      maintenanceMargin: marked.maintenanceMargin,
      initialMargin,
      marginRatio: marked.marginRatio,
      available: marked.equity - initialMargin - reserved,
      liquidatable: marked.liquidatable,
      positions,
      collateral,
      reserved,
    };
  }

  /**
   * Linear margin rises with the open interest of a market: max(r_i, r̄ − βK/OI). Portfolio margin has the market's widest move
   * in it already, for every account.
   */
  private openInterestMargin(
    positions: readonly MarginPosition[],
    { stress }: MarginModel,
    held: { readonly marginAccount: string; readonly trade: TradeEffect } | undefined,
  ): number {
    const { margin, credit } = this.rules().parameters;
    const bearable = (credit.poolShare ?? 0) * Math.max(this.capital(), 0);
    if (margin.mode !== 'linear' || credit.poolShare === null) return 0;
    return positions.reduce((sum, { market, size, mark }) => {
      const widest = widestShock(stress, stress.indexOf.get(market)!);
      const book = this.ledger.market(market);
      const change =
        held && (held.trade.interest?.get(market) ?? this.ownInterest(held.marginAccount, market, size));
      const long = toNumber(book.longSize, SIZE_DECIMALS) + (change?.long ?? 0);
      const short = long - toNumber(book.size, SIZE_DECIMALS) - (change?.net ?? 0);
      const interest = Math.max(long, short, 0) * mark;
      const base = this.rules().rates.of(market).initial;
      return sum + Math.abs(size) * mark * openInterestMargin({ base, widest, bearable }, interest);
    }, 0);
  }

  /** @param size of an account's position in the market, which it may not have yet */
  private ownInterest(marginAccount: string, market: string, size: number): InterestChange {
    const before = toNumber(this.ledger.position(marginAccount, market).size, SIZE_DECIMALS);
    return { long: Math.max(0, size) - Math.max(0, before), net: size - before };
  }

  /**
   * Equity at the marks of now, exact and rounded against the account, after legs at their prices.
   *
   * @returns money in the books' units
   */
  exactEquity(
    marginAccount: string,
    legs: readonly { name: string; exactSize: bigint; exactPrice: bigint }[] = [],
  ): bigint {
    const { cash, fundingOwed, positions } = this.ledger.account(marginAccount);
    let equity = cash - fundingOwed - this.ledger.creditOf(marginAccount, this.board.now).owed;
    const sizes = new Map<string, bigint>();
    for (const { market, size, entryNotional } of positions) {
      const mark = this.board.mark(market);
      if (mark === undefined) continue;
      sizes.set(market, size);
      equity -= entryNotional;
    }
    for (const { name, exactSize, exactPrice } of legs) {
      sizes.set(name, (sizes.get(name) ?? 0n) + exactSize);
      // One unit a leg for the rounding of released entries, one for new entries.
      equity -= notionalOf(exactSize, exactPrice, 'up') + 2n;
    }
    for (const [market, size] of sizes) equity += notionalOf(size, this.board.mark(market)!.price, 'down');
    return equity;
  }

  /**
   * Cost of an account's default option an hour, at current marks: its expected deficit over the margin's horizon under
   * Student's distribution, with the loading of the risk parameters.
   *
   * @param owed its charge that is not booked yet, where it is at hand, money in the books' units
   * @returns money an hour, in the books' units, rounded up; the equity, money; and whether the exact one is certainly not negative
   */
  creditRate(
    marginAccount: string,
    owed?: bigint,
  ): {
    readonly rate: bigint;
    readonly equity: number;
    readonly solvent: boolean;
  } {
    const { credit, margin } = this.rules().parameters;
    if (credit.loading === 0) return { rate: 0n, equity: 0, solvent: false };
    const { ledger, board, charged } = this;
    let cash = ledger.cashOf(marginAccount) - (owed ?? ledger.creditOf(marginAccount, board.now).owed);
    let unrealised = 0;
    let summed = 0;
    let open = 0;
    for (const [market, position] of ledger.positionsOf(marginAccount)) {
      cash -= ledger.fundingOwedOn(market, position);
      const size = toNumber(position.size, SIZE_DECIMALS);
      const entryNotional = toNumber(position.entryNotional, MONEY_DECIMALS);
      const notional = size * (board.mark(market)?.value ?? entryNotional / size);
      unrealised += notional - entryNotional;
      summed += Math.abs(notional) + Math.abs(entryNotional);
      if (open === charged.length) charged.push({ market, notional });
      else {
        charged[open].market = market;
        charged[open].notional = notional;
      }
      open++;
    }
    charged.length = open;
    const collateral = toNumber(cash, MONEY_DECIMALS);
    if (open === 0) return { rate: 0n, equity: collateral, solvent: false };
    const equity = collateral + unrealised;
    const hours = margin.horizonMs / HOUR_MS;
    const deviation = deviationOf(this.model(charged).stress, charged);
    const rate = (credit.loading * expectedDeficit(deviation, equity)) / hours;
    return {
      rate: fromNumber(rate, MONEY_DECIMALS, 'up', 'credit.rate'),
      equity,
      // Exact amounts are rounded by a unit or two a position.
      solvent: equity > 1e-6 * open + 1e-9 * (Math.abs(collateral) + summed),
    };
  }

  /**
   * Cash that the initial margin does not need, at marks and at their time-weighted averages: unrealised gains count as margin, and are
   * paid when they are realised.
   */
  withdrawable(marginAccount: string): bigint {
    const { available, positions } = this.standing(marginAccount);
    const { cash, fundingOwed } = this.ledger.account(marginAccount);
    const drift = positions.reduce((sum, { market, size }) => sum + size * this.board.drift(market), 0);
    const free = fromNumber(available + Math.min(0, drift), MONEY_DECIMALS, 'down', 'available');
    const held = cash - fundingOwed - this.ledger.creditOf(marginAccount, this.board.now).owed;
    const least = free < held ? free : held;
    return least > 0n ? least : 0n;
  }
}
