import { InvalidInputError } from '#lib/errors';
import {
  divide,
  formatDecimal,
  formatMoney,
  MONEY_DECIMALS,
  parseDecimal,
  PRICE_DECIMALS,
  UNIT_DECIMALS,
} from '#lib/amounts';
import type { ValuationPayload } from '#lib/messages';
import type { BookEvent } from '../book/book-event.js';
import type { ExchangeLedger } from '../book/exchange-ledger.js';
import { BackedProviderError } from '../errors.js';
import type { ShareValue } from './share-value.js';

/** Largest value of a vault: 10^15. */
const LARGEST = 10n ** BigInt(MONEY_DECIMALS + 15);
/** Divisor that makes units times their value money. */
const UNIT_MONEY = 10n ** BigInt(UNIT_DECIMALS + PRICE_DECIMALS - MONEY_DECIMALS);

/**
 * Events of a vault's new valuation. With V = units × value of a unit, B = V (1 − haircut) counts in L, and
 *
 *     amount = B + (units settled since) × value of a unit − B before
 *
 * comes in or goes out as the provider's deposit or withdrawal at the fair value of shares. Units that were not there before pay for
 * shares the price of cash, pending premia included: late units must not earn premia whose risk others have borne. Leaving,
 * and the change of units' worth meanwhile, is at the value of shares at marks. Units that were settled moved between
 * provider and exchange for the losses or earnings of L so far, at their whole value. A provider that leaves with more than its
 * shares are worth owes the rest, the deficit: later deposits pay that first, for no shares, so that those who bore it have it back.
 *
 * @param times market time now, and of the marks it was valued at, milliseconds
 * @throws {InvalidInputError} for a value that is none
 * @throws {BackedProviderError} for a provider that has deposited cash
 */
export function valueVault(
  ledger: ExchangeLedger,
  shareValue: ShareValue,
  valuation: Omit<ValuationPayload, 'seal'>,
  times: { readonly at: number; readonly valuedAt: number },
): BookEvent {
  const { at, valuedAt } = times;
  const { provider, haircut, vault } = valuation;
  const before = ledger.backingOf(provider);
  if (before === undefined && ledger.sharesOf(provider) > 0n) throw new BackedProviderError(provider);
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
  // Settlements before the first valuation, or with another vault, do not count.
  const moved = before?.vault === vault ? settled - before.settled : 0n;
  const amount = backing + divide(moved * unitValue, UNIT_MONEY, 'down') - (before?.amount ?? 0n);
  const { shares, deficit } = sharesFor(ledger, shareValue, {
    amount,
    provider,
    owed: before?.deficit ?? 0n,
    fresh: freshPart(units, before?.vault === vault ? before.units : 0n, backing),
  });
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

/** Worth of the new units. */
function freshPart(units: bigint, before: bigint, backing: bigint): bigint {
  return units <= before ? 0n : divide(backing * (units - before), units, 'up');
}

/** Shares that an amount is worth, rounded against the provider, and its debt then. Redeemed are no more than it has. */
function sharesFor(
  ledger: ExchangeLedger,
  shareValue: ShareValue,
  change: {
    readonly amount: bigint;
    readonly provider: string;
    readonly owed: bigint;
    /** the new units' part of the amount, at most */
    readonly fresh: bigint;
  },
): { shares: bigint; deficit: bigint } {
  const { amount, provider, owed, fresh } = change;
  const outstanding = ledger.outstandingShares;
  const worth = shareValue.fair();
  if (amount >= 0n) {
    const repaid = amount < owed ? amount : owed;
    const invested = amount - repaid;
    const deficit = owed - repaid;
    if (outstanding === 0n || invested === 0n) return { shares: invested, deficit };
    if (worth <= 0n)
      throw new InvalidInputError('units', 'the liquidity is used up: shares have no value to be issued at');
    // Repayments go to the others first: shares are issued at their worth with it.
    const brought = fresh < invested ? fresh : invested;
    return {
      shares:
        divide((invested - brought) * outstanding, worth + repaid, 'down') +
        divide(brought * outstanding, shareValue.issued() - 1n + repaid, 'down'),
      deficit,
    };
  }
  const held = ledger.sharesOf(provider);
  if (worth <= 0n) return { shares: 0n, deficit: owed - amount };
  const redeemed = divide(-amount * outstanding, worth, 'up');
  if (redeemed <= held) return { shares: -redeemed, deficit: owed };
  return { shares: -held, deficit: owed - amount - shareValue.worth(held) };
}
