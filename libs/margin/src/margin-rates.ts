import { InvalidInputError } from '#lib/errors';

/** Shares of a position's notional that its account must have as equity. */
export interface MarginRates {
  /** below it the account is liquidated */
  readonly maintenance: number;
  /** required of a new position, and restored by a liquidation */
  readonly initial: number;
}

/** Rates by market, with a default for the others. */
export class MarginSchedule {
  constructor(
    private readonly standard: MarginRates,
    private readonly byMarket: ReadonlyMap<string, MarginRates>,
  ) {}

  /**
   * Reads `default=0.03/0.05,BTC-USD=0.02/0.03`: maintenance/initial by market.
   *
   * @throws {InvalidInputError} naming the entry that does not fit
   */
  static parse(text: string): MarginSchedule {
    const byMarket = new Map<string, MarginRates>();
    for (const entry of text.split(',')) {
      const match = /^([^=]+)=([\d.]+)\/([\d.]+)$/.exec(entry.trim());
      const [maintenance, initial] = match ? [Number(match[2]), Number(match[3])] : [NaN, NaN];
      if (!(maintenance > 0 && initial >= maintenance && initial <= 1)) {
        throw new InvalidInputError(
          'MARGIN_RATES',
          `must be market=maintenance/initial with 0 < maintenance ≤ initial ≤ 1, got "${entry}"`,
        );
      }
      byMarket.set(match![1], { maintenance, initial });
    }
    const standard = byMarket.get('default');
    if (standard === undefined) throw new InvalidInputError('MARGIN_RATES', 'must have an entry "default"');
    return new MarginSchedule(standard, byMarket);
  }

  of(market: string): MarginRates {
    return this.byMarket.get(market) ?? this.standard;
  }
}
