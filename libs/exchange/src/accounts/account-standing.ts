import { fromNumber, MONEY_DECIMALS, notionalOf, SIZE_DECIMALS, toNumber } from '#lib/amounts';
import { type MarginPosition, type MarginSchedule, type MarginStanding, standing } from '#lib/margin';
import type { ExchangeLedger } from '../book/exchange-ledger.js';
import type { MarketBoard } from '../marks/market-board.js';

/** A trade as it would change an account. */
export interface TradeEffect {
  readonly legs: readonly { readonly market: string; readonly size: number; readonly price: number }[];
  readonly cost: number;
}

/** A margin account marked to market. */
export interface AccountStanding extends MarginStanding {
  readonly positions: readonly MarginPosition[];
  readonly collateral: number;
}

/** Margin of the traders' accounts, at the marks of now. */
export class AccountStandings {
  constructor(
    private readonly ledger: ExchangeLedger,
    private readonly board: MarketBoard,
    private readonly rates: MarginSchedule,
  ) {}

  /** A margin account marked to market; `trade` is applied first. Markets without a mark are at their entry. */
  standing(marginAccount: string, trade?: TradeEffect): AccountStanding {
    const { cash, fundingOwed, positions } = this.ledger.account(marginAccount);
    let collateral = toNumber(cash - fundingOwed, MONEY_DECIMALS) - (trade?.cost ?? 0);
    const open = new Map<string, { size: number; entryNotional: number }>();
    for (const { market, size, entryNotional } of positions) {
      open.set(market, {
        size: toNumber(size, SIZE_DECIMALS),
        entryNotional: toNumber(entryNotional, MONEY_DECIMALS),
      });
    }
    for (const { market, size, price } of trade?.legs ?? []) {
      // Equity does not depend on how entry prices are averaged: what is realised is cash, the rest is open.
      const held = open.get(market) ?? { size: 0, entryNotional: 0 };
      const next = { size: held.size + size, entryNotional: held.entryNotional + size * price };
      if (Math.abs(next.size) > 1e-12) open.set(market, next);
      else {
        collateral -= next.entryNotional;
        open.delete(market);
      }
    }
    const marked = [...open].map(([market, position]): MarginPosition => {
      const mark = this.board.mark(market)?.value ?? position.entryNotional / position.size;
      return { market, ...position, mark };
    });
    return { ...standing(collateral, marked, this.rates), positions: marked, collateral };
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
    let equity = cash - fundingOwed;
    const sizes = new Map<string, bigint>();
    for (const { market, size, entryNotional } of positions) {
      const mark = this.board.mark(market);
      if (mark === undefined) continue;
      sizes.set(market, size);
      equity -= entryNotional;
    }
    for (const { name, exactSize, exactPrice } of legs) {
      sizes.set(name, (sizes.get(name) ?? 0n) + exactSize);
      // One unit a leg for the rounding of what is released, one for that of what is entered.
      equity -= notionalOf(exactSize, exactPrice, 'up') + 2n;
    }
    for (const [market, size] of sizes) equity += notionalOf(size, this.board.mark(market)!.price, 'down');
    return equity;
  }

  /** Cash that the initial margin does not need: unrealised gains count as margin, and are paid when they are realised. */
  withdrawable(marginAccount: string): bigint {
    const { available } = this.standing(marginAccount);
    const { cash, fundingOwed } = this.ledger.account(marginAccount);
    const free = fromNumber(available, MONEY_DECIMALS, 'down', 'available');
    const least = free < cash - fundingOwed ? free : cash - fundingOwed;
    return least > 0n ? least : 0n;
  }
}
