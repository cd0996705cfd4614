import { divide, fromNumber, MONEY_DECIMALS, toNumber } from '#lib/amounts';
import { type Assessment, type Book, callSpread } from '#lib/risk';
import type { ExchangeLedger } from '../book/exchange-ledger.js';

/** The standing book's figures. */
export interface Standing {
  readonly book: Book;
  readonly assessment: Assessment;
}

/**
 * Worth of all shares together. Leaving providers are paid the lower value: L less the fair price of the call spread the providers are
 * short. Incoming providers pay the higher: P's pending premia already stand before L, and with it go the losses that L has borne and may
 * have back out of trading gains (a put spread on the book) and of those premia, and the premia that L is still to earn: they were paid for
 * the risk that makes shares cheap now. They pay no less than if no mark moved any more: the risk ahead ends when positions are closed, and
 * whoever knew that an accomplice is about to close one, or that a trade is about to be taken back, would come cheap. Each is the worse
 * for the provider of the value at marks and at their time-weighted averages: whoever can push a mark for a moment neither comes cheap nor
 * leaves dear.
 */
export class ShareValue {
  constructor(
    private readonly ledger: ExchangeLedger,
    /** undefined before the first forecast */
    private readonly standing: () => Standing | undefined,
    /** by how much all positions are worth more to traders at averages than at marks, money */
    private readonly drift: () => number = () => 0,
  ) {}

  /** Worth that shares are redeemed at, rounded down; from 0 to L. */
  redeemed(): bigint {
    const { liquidity } = this.ledger;
    return least(this.drifts().map((drift) => this.claim(liquidity, 0n, drift)));
  }

  /** Worth of shares at marks, whatever their averages, rounded down: of a vault, whose units stay. */
  fair(): bigint {
    return this.claim(this.ledger.liquidity, 0n, 0);
  }

  /** Increase of the redemption value by an amount added to L: a wider L bears more of the tail. */
  raisedBy(added: bigint): bigint {
    const { liquidity } = this.ledger;
    return least(
      this.drifts().map(
        (drift) => this.claim(liquidity + added, 0n, drift) - this.claim(liquidity, 0n, drift),
      ),
    );
  }

  /** Worth that shares are issued at, rounded up. */
  issued(): bigint {
    const { liquidity, pendingToCapital, pendingToLiquidity } = this.ledger;
    const pending = pendingToCapital > 0n ? pendingToCapital : 0n;
    const unearned = pendingToLiquidity > 0n ? pendingToLiquidity : 0n;
    const values = this.drifts().flatMap((drift) => {
      const back = this.restitution(pending, drift);
      return [
        this.claim(liquidity, pending, drift) + back + unearned,
        this.claim(liquidity, pending, drift, 0) + back,
      ];
    });
    return -least(values.map((value) => -value)) + 1n;
  }

  /** Payment for a number of shares, rounded down. */
  worth(shares: bigint): bigint {
    const outstanding = this.ledger.outstandingShares;
    return outstanding === 0n ? 0n : divide(this.redeemed() * shares, outstanding, 'down');
  }

  /** At marks, and at averages. */
  private drifts(): number[] {
    const drift = this.drift();
    return drift === 0 ? [0] : [0, drift];
  }

  /** L less the call spread on it, with so much more of P before it; positions worth so much more than at marks. */
  private claim(
    liquidity: bigint,
    cushion: bigint,
    drift: number,
    volatility = this.standing()?.assessment.exposure.volatility ?? 0,
  ): bigint {
    const standing = this.standing();
    if (standing === undefined) return liquidity;
    const { forward, totalEntryNotional } = standing.assessment.exposure;
    const strike = totalEntryNotional + standing.book.capital + toNumber(cushion, MONEY_DECIMALS);
    const width = toNumber(liquidity, MONEY_DECIMALS);
    const { price } = callSpread(forward + drift, strike, width, volatility);
    const value = liquidity - fromNumber(price, MONEY_DECIMALS, 'up', 'callSpread');
    return value < 0n ? 0n : value;
  }

  /** Losses that L has borne for P and may have back, at most all. */
  private restitution(pending: bigint, drift: number): bigint {
    const { borne } = this.ledger;
    if (borne === 0n) return 0n;
    const standing = this.standing();
    if (standing === undefined) return pending < borne ? pending : borne;
    const { forward, totalEntryNotional, volatility } = standing.assessment.exposure;
    const width = toNumber(borne, MONEY_DECIMALS);
    // clamp(K − F, 0, width) = width − clamp(F − (K − width), 0, width), K where losses begin to reach L.
    const strike = totalEntryNotional + standing.book.capital - width;
    const left = width - callSpread(forward + drift, strike, width, volatility).price;
    const back = fromNumber(Math.max(0, left), MONEY_DECIMALS, 'up', 'restitution') + pending;
    return back < borne ? back : borne;
  }
}

function least(values: readonly bigint[]): bigint {
  return values.reduce((a, b) => (a < b ? a : b));
}
