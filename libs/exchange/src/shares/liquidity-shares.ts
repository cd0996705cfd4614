import { InvalidInputError } from '#lib/errors';
import type { LiquidityPayload, ValuationPayload } from '#lib/messages';
import type { Backing } from '../book/ledger-state.js';
import type { BookEvent } from '../book/book-event.js';
import {
  divide,
  formatDecimal,
  fromNumber,
  MONEY_DECIMALS,
  parseDecimal,
  PRICE_DECIMALS,
  toNumber,
  UNIT_DECIMALS,
  formatMoney,
} from '#lib/amounts';
import { type ExchangeLedger } from '../book/exchange-ledger.js';
import { type Assessment, type Book, forcedWithdrawalFee, liquidityValue, type RiskModel } from '#lib/risk';
import { BackedProviderError, InsufficientBalanceError } from '../errors.js';

type Deposit = Extract<LiquidityPayload, { kind: 'deposit' }>;
type Withdrawal = Extract<LiquidityPayload, { kind: 'withdrawal' }>;

/** A provider's part of the liquidity. */
export interface LiquidityPosition {
  readonly shares: bigint;
  readonly worth: bigint;
  readonly backing: Backing | undefined;
  /** of the backing, to traders: what the exchange may take of the vault */
  readonly lost: bigint;
}

/** Amounts of a command: from one unit of the currency to 10^15. */
const SMALLEST = 10n ** BigInt(MONEY_DECIMALS);
const LARGEST = 10n ** BigInt(MONEY_DECIMALS + 15);
/** What units times their value are divided by to be money. */
const UNIT_MONEY = 10n ** BigInt(UNIT_DECIMALS + PRICE_DECIMALS - MONEY_DECIMALS);

/**
 * What liquidity providers hold. Shares are issued and redeemed at the fair value of their claim, and every rounding
 * is against whoever comes or goes.
 */
export class LiquidityShares {
  constructor(
    private readonly ledger: ExchangeLedger,
    private readonly model: RiskModel,
    private readonly horizonMs: number,
    /** the standing book's figures; undefined before the first forecast */
    private readonly standing: () => { book: Book; assessment: Assessment } | undefined,
  ) {}

  /**
   * What a command comes to. Nothing is applied.
   *
   * @throws {InvalidInputError} for an amount that is none
   * @throws {InsufficientBalanceError} for a withdrawal of more than is there
   * @throws {BackedProviderError} where the provider's liquidity is in a vault
   */
  decide(command: LiquidityPayload, at: number): BookEvent {
    if (this.ledger.backingOf(command.provider) !== undefined)
      throw new BackedProviderError(command.provider);
    const amount = parseDecimal(command.amount, MONEY_DECIMALS, 'amount');
    if (amount < SMALLEST || amount > LARGEST) {
      throw new InvalidInputError('amount', `must be between 1 and 1e15, got ${command.amount}`);
    }
    return command.kind === 'deposit'
      ? this.deposit(command, amount, at)
      : this.withdrawal(command, amount, at);
  }

  /** The providers' whole claim: L less the call spread they are short, rounded down, at least 0. */
  totalWorth(): bigint {
    const { liquidity } = this.ledger;
    const standing = this.standing();
    if (standing === undefined) return liquidity;
    const claim = liquidityValue(standing.book, standing.assessment.callSpread.price);
    const value = fromNumber(claim, MONEY_DECIMALS, 'down', 'liquidityValue');
    return value < 0n ? 0n : value < liquidity ? value : liquidity;
  }

  /** What a number of shares is worth, rounded down. */
  worth(shares: bigint): bigint {
    const outstanding = this.ledger.outstandingShares;
    return outstanding === 0n ? 0n : divide(this.totalWorth() * shares, outstanding, 'down');
  }

  /**
   * What a vault's new valuation comes to. With V = units × value of a unit, B = V (1 − haircut) counts in L, and
   *
   *     amount = B + (units settled since) × value of a unit − B before
   *
   * comes in or goes out as the provider's deposit or withdrawal at the fair value of shares. Units that were settled moved between
   * provider and exchange for what L has lost or earned already, at their whole value. A provider that leaves with more than its
   * shares are worth owes the rest, the deficit: what comes in pays that first, for no shares, so that those who bore it have it back.
   *
   * @param valuedAt market time of its marks, milliseconds
   * @throws {InvalidInputError} for a value that is none
   * @throws {BackedProviderError} for a provider that has deposited cash
   */
  value(valuation: Omit<ValuationPayload, 'seal'>, at: number, valuedAt: number): BookEvent {
    const { provider, haircut, vault } = valuation;
    const before = this.ledger.backingOf(provider);
    if (before === undefined && this.ledger.sharesOf(provider) > 0n) throw new BackedProviderError(provider);
    const unitValue = parseDecimal(valuation.unitValue, PRICE_DECIMALS, 'unitValue');
    const units = parseDecimal(valuation.units, UNIT_DECIMALS, 'units');
    const settled = parseDecimal(valuation.settled, UNIT_DECIMALS, 'settled');
    if (unitValue <= 0n)
      throw new InvalidInputError('unitValue', `must be positive, got ${valuation.unitValue}`);
    if (units < 0n) throw new InvalidInputError('units', `must not be negative, got ${valuation.units}`);
    const value = divide(units * unitValue, UNIT_MONEY, 'down');
    if (value > LARGEST)
      throw new InvalidInputError('units', `are worth more than 1e15: ${formatMoney(value)}`);
    const counted = BigInt(Math.floor((1 - haircut) * 1e12));
    const backing = divide(value * counted, 10n ** 12n, 'down');
    // What was settled before the first valuation, or with another vault, is none of this one's.
    const moved = before?.vault === vault ? settled - before.settled : 0n;
    const amount = backing + divide(moved * unitValue, UNIT_MONEY, 'down') - (before?.amount ?? 0n);
    const { shares, deficit } = this.sharesFor(amount, provider, before?.deficit ?? 0n);
    return {
      ...{ kind: 'liquidity-valued', at, provider, valuedAt, vault },
      units: formatDecimal(units, UNIT_DECIMALS),
      value: formatMoney(value),
      haircut,
      backing: formatMoney(backing),
      settled: formatDecimal(settled, UNIT_DECIMALS),
      amount: formatMoney(amount),
      deficit: formatMoney(deficit),
      shares: formatMoney(shares),
    };
  }

  /** Shares that an amount is worth, rounded against the provider, and what it owes then. Redeemed are no more than it has. */
  private sharesFor(amount: bigint, provider: string, owed: bigint): { shares: bigint; deficit: bigint } {
    const outstanding = this.ledger.outstandingShares;
    const worth = this.totalWorth();
    if (amount >= 0n) {
      const repaid = amount < owed ? amount : owed;
      const invested = amount - repaid;
      const deficit = owed - repaid;
      if (outstanding === 0n || invested === 0n) return { shares: invested, deficit };
      if (worth <= 0n)
        throw new InvalidInputError(
          'units',
          'the liquidity is used up: shares have no value to be issued at',
        );
      // The others have what is repaid first: shares are issued at what they are worth with it.
      return { shares: divide(invested * outstanding, worth + repaid, 'down'), deficit };
    }
    const held = this.ledger.sharesOf(provider);
    if (worth <= 0n) return { shares: 0n, deficit: owed - amount };
    const redeemed = divide(-amount * outstanding, worth, 'up');
    if (redeemed <= held) return { shares: -redeemed, deficit: owed };
    return { shares: -held, deficit: owed - amount - this.worth(held) };
  }

  /** What a provider holds, and, where it is backed by a vault, what of the backing traders have won: negative, what it has earned. */
  positionOf(provider: string): LiquidityPosition {
    const shares = this.ledger.sharesOf(provider);
    const worth = this.worth(shares);
    const backing = this.ledger.backingOf(provider);
    const { liquidity, outstandingShares } = this.ledger;
    // By what has been won and lost, not by what the call spread is worth today: pool shares are not taken for a mark.
    const part = outstandingShares === 0n ? 0n : divide(liquidity * shares, outstandingShares, 'down');
    const lost = backing === undefined ? 0n : backing.amount + backing.deficit - part;
    return { shares, worth, backing, lost };
  }

  private deposit({ commandId, provider }: Deposit, amount: bigint, at: number): BookEvent {
    const worth = this.totalWorth();
    const outstanding = this.ledger.outstandingShares;
    if (outstanding > 0n && worth <= 0n) {
      throw new InvalidInputError('amount', 'the liquidity is used up: shares have no value to be issued at');
    }
    const shares = outstanding === 0n ? amount : divide(amount * outstanding, worth, 'down');
    if (shares === 0n)
      throw new InvalidInputError('amount', `${formatMoney(amount)} is less than one share is worth`);
    return {
      kind: 'liquidity-deposited',
      at,
      commandId,
      provider,
      amount: formatMoney(amount),
      shares: formatMoney(shares),
    };
  }

  private withdrawal({ commandId, provider, mode }: Withdrawal, amount: bigint, at: number): BookEvent {
    const available = this.worth(this.freeShares(provider));
    if (amount > available) {
      throw new InsufficientBalanceError(provider, formatMoney(available), formatMoney(amount));
    }
    const shares = formatMoney(divide(amount * this.ledger.outstandingShares, this.totalWorth(), 'up'));
    if (mode === 'locked') {
      return { kind: 'withdrawal-locked', at, commandId, provider, shares, releaseAt: at + this.horizonMs };
    }
    const fee = this.forcedFee(amount);
    if (fee >= amount) {
      const asked = `${formatMoney(amount)}: the fee for leaving now would be ${formatMoney(fee)}`;
      throw new InsufficientBalanceError(provider, '0', asked);
    }
    return {
      kind: 'liquidity-withdrawn',
      at,
      commandId,
      provider,
      shares,
      paid: formatMoney(amount - fee),
      fee: formatMoney(fee),
      mode,
    };
  }

  /** ρ(q, C, P, L−l) − ρ(θ), rounded up; nothing while there is no book to carry risk. */
  private forcedFee(amount: bigint): bigint {
    const standing = this.standing();
    if (standing === undefined) return 0n;
    const { measure, alpha } = this.model;
    const money = toNumber(amount, MONEY_DECIMALS);
    const fee = forcedWithdrawalFee(
      measure,
      standing.assessment.exposure,
      money,
      Math.log(alpha),
      standing.assessment.tailFactor,
    );
    return fromNumber(fee, MONEY_DECIMALS, 'up', 'fee');
  }

  /** Shares of a provider that are not locked for a withdrawal already. */
  private freeShares(provider: string): bigint {
    const locked = this.ledger.lockedWithdrawals().filter((withdrawal) => withdrawal.provider === provider);
    return locked.reduce((sum, { shares }) => sum - shares, this.ledger.sharesOf(provider));
  }
}
