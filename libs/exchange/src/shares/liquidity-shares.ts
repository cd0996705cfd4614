import { InvalidInputError } from '#lib/errors';
import { divide, formatMoney, fromNumber, MONEY_DECIMALS, parseDecimal, toNumber } from '#lib/amounts';
import type { LiquidityPayload, ValuationPayload } from '#lib/messages';
import { forcedWithdrawalFee, type RiskModel } from '#lib/risk';
import type { BookEvent } from '../book/book-event.js';
import type { ExchangeLedger } from '../book/exchange-ledger.js';
import type { Backing, LockedWithdrawal, WaitingCommand } from '../book/ledger-state.js';
import { BackedProviderError, InsufficientBalanceError, TooManyCommandsError } from '../errors.js';
import { ShareValue, type Standing } from './share-value.js';
import { valueVault } from './vault-value.js';

type Asked = Pick<WaitingCommand, 'commandId' | 'provider' | 'ask' | 'amount' | 'shares'>;

/** A provider's part of the liquidity. */
export interface LiquidityPosition {
  readonly shares: bigint;
  readonly worth: bigint;
  readonly backing: Backing | undefined;
  /** of the backing, to traders: the amount that the exchange may take of the vault */
  readonly lost: bigint;
}

/** Amounts of a command: from one unit of the currency to 10^15. */
const SMALLEST = 10n ** BigInt(MONEY_DECIMALS);
const LARGEST = 10n ** BigInt(MONEY_DECIMALS + 15);
/**
 * Units of shares that a provider has at least: a deposit that buys fewer is refused, and a withdrawal that would leave fewer takes all. With
 * one unit left and earnings vesting to it, a unit would be worth thousands, which the next provider would lose by rounding.
 */
const FEWEST = 10n ** 6n;
/** Units of all shares at most: the books read no more digits. After a loss of all of L shares cost next to nothing. */
const MOST = 10n ** 45n;
/** Commands of a provider that are not settled, and commands that wait in all. */
const MOST_OF_A_PROVIDER = 32;
const MOST_WAITING = 10_000;

/**
 * Shares of liquidity providers. Commands are executed at marks that came after them; shares are issued and redeemed at the fair
 * value of their claim, and every rounding is against whoever comes or goes.
 */
export class LiquidityShares {
  readonly value: ShareValue;

  constructor(
    private readonly ledger: ExchangeLedger,
    private readonly model: RiskModel,
    private readonly horizonMs: number,
    /** the standing book's figures; undefined before the first forecast */
    private readonly standing: () => Standing | undefined,
    /** whether marks that came after a time are known of every market with a position */
    private readonly markedSince: (time: number) => boolean,
    /** see {@link ShareValue} */
    drift?: () => number,
  ) {
    this.value = new ShareValue(ledger, standing, drift);
  }

  /**
   * Outcome of a command: it waits for the next marks, or is executed at once where nothing is open that marks could change.
   *
   * @throws {InvalidInputError} for an amount that is none
   * @throws {InsufficientBalanceError} for a withdrawal of more than is there
   * @throws {BackedProviderError} where the provider's liquidity is in a vault
   * @throws {TooManyCommandsError} where too many wait already
   */
  decide(command: LiquidityPayload, at: number): BookEvent {
    const { commandId, provider } = command;
    if (this.ledger.backingOf(provider) !== undefined) throw new BackedProviderError(provider);
    const asked = parseDecimal(command.amount, MONEY_DECIMALS, 'amount');
    if (asked < SMALLEST || asked > LARGEST) {
      throw new InvalidInputError('amount', `must be between 1 and 1e15, got ${command.amount}`);
    }
    if (
      this.ledger.openCommands(provider) >= MOST_OF_A_PROVIDER ||
      this.ledger.waitingCommands >= MOST_WAITING
    )
      throw new TooManyCommandsError(provider);
    const withdrawal = command.kind === 'withdrawal';
    const ask = withdrawal ? command.mode : 'deposit';
    const shares = withdrawal ? this.sharesOf(provider, asked) : 0n;
    const amount = withdrawal ? 0n : asked;
    if (this.markedSince(at)) return this.execute({ commandId, provider, ask, amount, shares }, at);
    return {
      ...{ kind: 'liquidity-asked', at, commandId, provider, ask },
      ...{ amount: formatMoney(amount), shares: formatMoney(shares) },
    };
  }

  /**
   * Outcome of a command that waited, at current marks.
   *
   * @throws {InsufficientBalanceError} where leaving now would cost all that is withdrawn
   */
  execute({ commandId, provider, ask, amount, shares }: Asked, at: number): BookEvent {
    if (ask === 'deposit') return this.issue({ commandId, provider, amount }, at);
    const text = formatMoney(shares);
    if (ask === 'locked')
      return {
        ...{ kind: 'withdrawal-locked', at, commandId, provider },
        ...{ shares: text, releaseAt: at + this.horizonMs },
      };
    const worth = this.value.worth(shares);
    const fee = this.forcedFee(worth);
    if (fee >= worth) {
      const asked = `${formatMoney(worth)}: the fee for leaving now would be ${formatMoney(fee)}`;
      throw new InsufficientBalanceError(provider, '0', asked);
    }
    return {
      ...{ kind: 'liquidity-withdrawn', at, commandId, provider, shares: text, mode: 'forced' },
      ...{ paid: formatMoney(worth - fee), fee: formatMoney(fee) },
    };
  }

  /** Pays a locked withdrawal whose time has come. */
  release({ commandId, provider, shares }: LockedWithdrawal, at: number): BookEvent {
    return {
      ...{ kind: 'liquidity-withdrawn', at, commandId, provider, mode: 'locked', fee: '0' },
      ...{ shares: formatMoney(shares), paid: formatMoney(this.value.worth(shares)) },
    };
  }

  /**
   * New value of a vault, see {@link valueVault}.
   *
   * @param valuedAt market time of its marks, milliseconds
   */
  valueVault(valuation: Omit<ValuationPayload, 'seal'>, at: number, valuedAt: number): BookEvent {
    return valueVault(this.ledger, this.value, valuation, { at, valuedAt });
  }

  /** A provider's shares, and, where a vault backs it, the part of the backing that traders have won: negative: its earnings. */
  positionOf(provider: string): LiquidityPosition {
    const shares = this.ledger.sharesOf(provider);
    const worth = this.value.worth(shares);
    const backing = this.ledger.backingOf(provider);
    const { liquidity, outstandingShares } = this.ledger;
    // By gains and losses, not by the present price of the call spread: pool shares are not taken for a mark.
    const part = outstandingShares === 0n ? 0n : divide(liquidity * shares, outstandingShares, 'down');
    const lost = backing === undefined ? 0n : backing.amount + backing.deficit - part;
    return { shares, worth, backing, lost };
  }

  private issue(asked: Pick<Asked, 'commandId' | 'provider' | 'amount'>, at: number): BookEvent {
    const { commandId, provider, amount } = asked;
    const outstanding = this.ledger.outstandingShares;
    // Where L is used up, shares cost the losses that earlier ones may still recover, a unit at least: an empty pool can be filled again.
    // By the increase of the whole's worth: that a wider L bears more of the tail is not for the others to pay.
    const added = this.value.raisedBy(amount);
    const shares = outstanding === 0n ? amount : divide(added * outstanding, this.value.issued(), 'down');
    if (shares < FEWEST)
      throw new InvalidInputError(
        'amount',
        `${formatMoney(amount)} buys less than ${formatMoney(FEWEST)} shares, which is the least`,
      );
    if (outstanding + shares > MOST)
      throw new InvalidInputError('amount', 'buys more shares than the books can tell: L is used up');
    return {
      ...{ kind: 'liquidity-deposited', at, commandId, provider },
      ...{ amount: formatMoney(amount), shares: formatMoney(shares) },
    };
  }

  /** The free shares that are worth an amount now, rounded up; all, where fewer than {@link FEWEST} would be left. @throws {InsufficientBalanceError} */
  private sharesOf(provider: string, amount: bigint): bigint {
    const free = this.ledger.freeShares(provider);
    const available = this.value.worth(free);
    if (amount > available)
      throw new InsufficientBalanceError(provider, formatMoney(available), formatMoney(amount));
    const shares = divide(amount * this.ledger.outstandingShares, this.value.redeemed(), 'up');
    return free - shares >= FEWEST ? shares : free;
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
}
