import { notionalOf, parseDecimal, PRICE_DECIMALS, SIZE_DECIMALS, toNumber } from '#lib/amounts';
import type { ExchangeLedger } from './book/exchange-ledger.js';
import type { MarketBoard } from './marks/market-board.js';

/** The markets in which somebody has a position, and the traders' gains in each at its mark: kept as books and marks change. */
export class OpenMarkets {
  private readonly open = new Set<string>();
  private readonly gains = new Map<string, bigint>();
  private sum = 0n;
  private oldest: number | undefined;

  constructor(
    private readonly ledger: ExchangeLedger,
    private readonly board: MarketBoard,
  ) {
    this.reload();
  }

  /** Everything anew, from books and marks. O(markets). */
  reload(): void {
    this.open.clear();
    this.gains.clear();
    this.sum = 0n;
    this.timePassed();
    for (const market of this.ledger.marketNames()) this.touch(market);
  }

  /** Σ q_i S_i − C_i, each market rounded up: the traders' unrealised gains. Markets without a mark count at their entry. */
  get unrealised(): bigint {
    return this.sum;
  }

  /**
   * Markets where traders would gain if the price that is held back became the mark, and the sum of these gains, which the pool would lose.
   * O(open markets).
   */
  held(): { readonly markets: readonly string[]; readonly loss: bigint } {
    const markets: string[] = [];
    let loss = 0n;
    for (const market of this.open) {
      const held = this.board.marks.held(market);
      if (held === undefined) continue;
      const { size, entryNotional } = this.ledger.market(market);
      const price = parseDecimal(held.text, PRICE_DECIMALS, 'price');
      const more = notionalOf(size, price, 'up') - entryNotional - (this.gains.get(market) ?? 0n);
      if (more <= 0n) continue;
      markets.push(market);
      loss += more;
    }
    return { markets, loss };
  }

  names(): Iterable<string> {
    return this.open;
  }

  /** A market's books or its mark have changed. */
  touch(market: string): void {
    if (this.ledger.isOpen(market) !== this.open.has(market)) {
      if (!this.open.delete(market)) this.open.add(market);
      this.oldest = undefined;
    }
    const { size, entryNotional } = this.ledger.market(market);
    const mark = this.board.mark(market);
    const gain = mark === undefined ? 0n : notionalOf(size, mark.price, 'up') - entryNotional;
    this.sum += gain - (this.gains.get(market) ?? 0n);
    this.gains.set(market, gain);
  }

  /** Marks, market time or restrictions have changed. */
  timePassed(): void {
    this.oldest = undefined;
  }

  /** By how much all positions are worth more at time-weighted averages of marks than at marks, money. O(open markets). */
  drift(): number {
    let drift = 0;
    for (const market of this.open)
      drift += toNumber(this.ledger.market(market).size, SIZE_DECIMALS) * this.board.drift(market);
    return drift;
  }

  /** Whether every market with a position has a mark that came after a time and that liquidity may be valued at. */
  markedSince(time: number): boolean {
    this.oldest ??= this.oldestMark();
    return this.oldest > time;
  }

  private oldestMark(): number {
    let oldest = Infinity;
    for (const market of this.open) {
      if (!this.board.permits(market, 'liquidity')) return -Infinity;
      oldest = Math.min(oldest, this.board.mark(market)!.time);
    }
    return oldest;
  }
}
