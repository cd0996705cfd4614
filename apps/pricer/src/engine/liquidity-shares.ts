import { InvalidInputError } from '#lib/errors';
import type { LiquidityPayload } from '#lib/events';
import {
  type BookEvent,
  divide,
  type ExchangeLedger,
  formatMoney,
  fromNumber,
  MONEY_DECIMALS,
  parseDecimal,
  toNumber,
} from '#lib/ledger';
import { type Assessment, type Book, forcedWithdrawalFee, liquidityValue, type RiskModel } from '#lib/risk';
import { InsufficientBalanceError } from './errors.js';

type Deposit = Extract<LiquidityPayload, { kind: 'deposit' }>;
type Withdrawal = Extract<LiquidityPayload, { kind: 'withdrawal' }>;

/** Amounts of a command: from one unit of the currency to 10^15. */
const SMALLEST = 10n ** BigInt(MONEY_DECIMALS);
const LARGEST = 10n ** BigInt(MONEY_DECIMALS + 15);

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
   */
  decide(command: LiquidityPayload, at: number): BookEvent {
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
    const fee = forcedWithdrawalFee(measure, standing.assessment.exposure, money, Math.log(alpha));
    return fromNumber(fee, MONEY_DECIMALS, 'up', 'fee');
  }

  /** Shares of a provider that are not locked for a withdrawal already. */
  private freeShares(provider: string): bigint {
    const locked = this.ledger.lockedWithdrawals().filter((withdrawal) => withdrawal.provider === provider);
    return locked.reduce((sum, { shares }) => sum - shares, this.ledger.sharesOf(provider));
  }
}
