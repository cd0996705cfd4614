import { divide } from '#lib/amounts';
import type { CreditRate } from './ledger-state.js';

const HOUR_MS = 3_600_000n;

/** Charges of accounts for their default options, which accrue at their rates without an event, and what all of them owe. */
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

  /** What all accounts owe by a time together, money: below the sum of their debts, each rounded up, by less than a unit an account. */
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
