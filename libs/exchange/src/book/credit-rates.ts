import { divide } from '#lib/amounts';
import type { CreditRate } from './ledger-state.js';

const HOUR_MS = 3_600_000n;

/** Charges of accounts for their default options, which accrue at their rates without an event, and the debts of each and of all. */
export class CreditRates implements Iterable<readonly [account: string, rate: CreditRate]> {
  private readonly rates = new Map<string, CreditRate>();
  /** Σ rate, and Σ rate × since: all debts together at any time, without a look at the accounts */
  private total = 0n;
  private moment = 0n;

  get(account: string): CreditRate | undefined {
    return this.rates.get(account);
  }

  /** @param rate money an hour; 0: the account is charged nothing */
  set(account: string, rate: bigint, since: number): void {
    const known = this.rates.get(account);
    if (known !== undefined) this.add(known, -1n);
    if (rate === 0n) this.rates.delete(account);
    else {
      this.rates.set(account, { rate, since });
      this.add({ rate, since }, 1n);
    }
  }

  /** An account's debt by a time, money, rounded up. */
  owed(account: string, now: number): bigint {
    const known = this.rates.get(account);
    return known === undefined ? 0n : debtOf(known, now);
  }

  /** All debts by a time, money: less than the sum of {@link owed} by less than a unit an account. */
  accrued(now: number): bigint {
    const debt = this.total * BigInt(now) - this.moment;
    return debt > 0n ? divide(debt, HOUR_MS, 'down') : 0n;
  }

  /** Whether the sums are those of the accounts. */
  sumsAreRight(): boolean {
    let total = 0n;
    let moment = 0n;
    for (const { rate, since } of this.rates.values()) {
      total += rate;
      moment += rate * BigInt(since);
    }
    return total === this.total && moment === this.moment;
  }

  [Symbol.iterator](): IterableIterator<[string, CreditRate]> {
    return this.rates[Symbol.iterator]();
  }

  private add({ rate, since }: CreditRate, sign: bigint): void {
    this.total += sign * rate;
    this.moment += sign * rate * BigInt(since);
  }
}

/** The debt of a rate by a time, money, rounded up. */
export function debtOf({ rate, since }: CreditRate, now: number): bigint {
  return divide(rate * BigInt(Math.max(0, now - since)), HOUR_MS, 'up');
}
