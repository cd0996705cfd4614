import { InvalidInputError, ZkriskError } from '#lib/errors';
import type { AccountPayload, TradePayload } from '#lib/messages';
import type { BookEvent } from '../book/book-event.js';
import { type ExchangeLedger } from '../book/exchange-ledger.js';
import {
  formatDecimal,
  fromNumber,
  MONEY_DECIMALS,
  parseDecimal,
  PRICE_DECIMALS,
  SIZE_DECIMALS,
  toNumber,
  formatMoney,
  isolatedAccount,
  partsOf,
} from '#lib/amounts';
import { type MarginPosition, type MarginSchedule, type MarginStanding, standing } from '#lib/margin';
import type { MarketBoard } from '../marks/market-board.js';
import { InsufficientMarginError, NothingToReduceError } from '../errors.js';

/**
 * Margin of the traders' accounts: what becomes of deposits, withdrawals and transfers, which trades an account has
 * the margin for, and what is left of those that have closed everything.
 */
export class AccountDesk {
  constructor(
    private readonly ledger: ExchangeLedger,
    private readonly board: MarketBoard,
    private readonly rates: MarginSchedule,
  ) {}

  /** A margin account marked to market; `trade` is applied first. Markets without a mark are at their entry. */
  standing(
    marginAccount: string,
    trade?: { legs: readonly { market: string; size: number; price: number }[]; cost: number },
  ): MarginStanding & { readonly positions: readonly MarginPosition[]; readonly collateral: number } {
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
   * The margin account a trade is booked on, and its legs: as asked, or, for a reduce-only trade, at most what is open.
   *
   * @throws {InvalidInputError} for an isolated trade of several legs
   * @throws {NothingToReduceError} where a reduce-only trade would open a position
   */
  place({ account, legs, margin = 'cross', reduceOnly = false }: TradePayload): {
    marginAccount: string;
    legs: TradePayload['legs'];
  } {
    if (margin === 'isolated' && legs.length !== 1) {
      throw new InvalidInputError('legs', `an isolated position has one leg, got ${legs.length}`);
    }
    const marginAccount = margin === 'isolated' ? isolatedAccount(account, legs[0].market) : account;
    if (!reduceOnly) return { marginAccount, legs };
    const left = new Map<string, bigint>();
    const reduced = legs.map(({ market, size }) => {
      const asked = parseDecimal(size, SIZE_DECIMALS, 'legs.size');
      const held = left.get(market) ?? this.ledger.position(marginAccount, market).size;
      if (held === 0n || asked === 0n || held > 0n === asked > 0n) {
        throw new NothingToReduceError(marginAccount, market);
      }
      const most = -held;
      const taken = (asked > 0n ? asked < most : asked > most) ? asked : most;
      left.set(market, held + taken);
      return { market, size: formatDecimal(taken, SIZE_DECIMALS) };
    });
    return { marginAccount, legs: reduced };
  }

  /**
   * Whether an account may trade so: it has the initial margin afterwards, or the trade makes each position smaller.
   *
   * @throws {InsufficientMarginError}
   */
  requireMargin(
    marginAccount: string,
    legs: readonly { name: string; size: number; exactSize: bigint; exactPrice: bigint }[],
    cost: number,
  ): void {
    const reduces = legs.every(({ name, exactSize }) => {
      const { size } = this.ledger.position(marginAccount, name);
      return size !== 0n && size > 0n !== exactSize > 0n && magnitude(exactSize) <= magnitude(size);
    });
    if (reduces) return;
    for (const { name } of legs) this.board.requirePermitted(name, 'increase');
    const trade = {
      legs: legs.map(({ name, size, exactPrice }) => ({
        market: name,
        size,
        price: toNumber(exactPrice, PRICE_DECIMALS),
      })),
      cost,
    };
    const { equity, initialMargin } = this.standing(marginAccount, trade);
    if (equity < initialMargin) throw new InsufficientMarginError(marginAccount, equity, initialMargin);
  }

  /**
   * What a deposit, withdrawal or transfer comes to.
   *
   * @throws {ZkriskError} where it is refused
   */
  decide(command: AccountPayload, at: number): BookEvent {
    const { commandId, account } = command;
    if (command.kind === 'withdrawal') {
      for (const { market } of this.ledger.account(account).positions)
        this.board.requirePermitted(market, 'withdraw');
      const free = this.withdrawable(account);
      const amount =
        command.amount === 'available' ? free : parseDecimal(command.amount, MONEY_DECIMALS, 'amount');
      if (command.amount !== 'available') requirePositive(amount);
      if (amount > free || amount <= 0n) this.refuse(account, amount);
      return { kind: 'account-withdrawn', at, commandId, account, amount: formatMoney(amount) };
    }
    const amount = parseDecimal(command.amount, MONEY_DECIMALS, 'amount');
    if (command.kind === 'deposit') {
      requirePositive(amount);
      return { kind: 'account-deposited', at, commandId, account, amount: formatMoney(amount) };
    }
    if (amount === 0n) throw new InvalidInputError('amount', 'must not be zero');
    const isolated = isolatedAccount(account, command.market);
    const [from, to] = amount > 0n ? [account, isolated] : [isolated, account];
    if (magnitude(amount) > this.withdrawable(from)) this.refuse(from, magnitude(amount));
    return { kind: 'collateral-moved', at, commandId, from, to, amount: formatMoney(magnitude(amount)) };
  }

  /** The refusal of a command, as a book event. */
  static rejection({ commandId, account }: AccountPayload, error: ZkriskError, at: number): BookEvent {
    return { kind: 'account-rejected', at, commandId, account, code: error.code, reason: error.message };
  }

  /**
   * What is left to do for an account whose last position was closed: a debt is the pool's loss, what remains of an
   * isolated position's collateral goes back to its trader.
   */
  afterTrade(marginAccount: string, at: number, planId: string | undefined): BookEvent | undefined {
    const { cash, positions } = this.ledger.account(marginAccount);
    if (positions.length > 0) return undefined;
    if (cash < 0n) {
      return {
        kind: 'bankruptcy-settled',
        at,
        account: marginAccount,
        loss: formatMoney(-cash),
        ...(planId === undefined ? {} : { planId }),
      };
    }
    const { account, market } = partsOf(marginAccount);
    if (market === undefined || cash === 0n) return undefined;
    return {
      kind: 'collateral-moved',
      at,
      commandId: null,
      from: marginAccount,
      to: account,
      amount: formatMoney(cash),
    };
  }

  /** Cash that the initial margin does not need: unrealised gains count as margin, and are paid when they are realised. */
  private withdrawable(marginAccount: string): bigint {
    const { available } = this.standing(marginAccount);
    const { cash, fundingOwed } = this.ledger.account(marginAccount);
    const free = fromNumber(available, MONEY_DECIMALS, 'down', 'available');
    const least = free < cash - fundingOwed ? free : cash - fundingOwed;
    return least > 0n ? least : 0n;
  }

  private refuse(marginAccount: string, amount: bigint): never {
    const { equity, initialMargin } = this.standing(marginAccount);
    throw new InsufficientMarginError(
      marginAccount,
      equity - toNumber(magnitude(amount), MONEY_DECIMALS),
      initialMargin,
    );
  }
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

function requirePositive(amount: bigint): void {
  if (amount <= 0n) throw new InvalidInputError('amount', 'must be positive');
}
