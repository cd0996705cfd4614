import type { StressBook } from './stress-book.js';

/** A joint move that a book is tried with. */
export interface StressScenario {
  readonly name: string;
  /** relative moves by market */
  readonly moves: Float64Array;
  /** share of L that has left before */
  readonly liquidityLeft?: number;
  /** a market whose accounts cannot be liquidated: its price is not known until the move is twice as large */
  readonly dead?: number;
}

export interface StressOutcome {
  readonly name: string;
  /** by market, the pool's payment to its traders, money; negative: its receipt */
  readonly lossByMarket: readonly number[];
  /** by leverage before the move: the accounts' loss, and their number */
  readonly groups: readonly { readonly group: string; readonly accounts: number; readonly loss: number }[];
  readonly liquidated: { readonly accounts: number; readonly notional: number };
  readonly badDebt: number;
  /** ℓ(r) */
  readonly poolLoss: number;
  readonly fromCapital: number;
  readonly fromLiquidity: number;
  readonly uncovered: number;
}

const GROUPS = [
  ['under 1×', 1],
  ['1–3×', 3],
  ['3–10×', 10],
  ['over 10×', Infinity],
] as const;

/** The moves at which accounts are judged: the price of a silent market returns only after twice the move. */
export function movesOf({ moves, dead }: StressScenario): Float64Array {
  return dead === undefined ? moves : moves.map((move, i) => (i === dead ? Math.max(-1, 2 * move) : move));
}

/** Sums over the accounts of a book. */
interface Sums {
  poolLoss: number;
  badDebt: number;
  liquidated: number;
  notional: number;
  /** by group */
  readonly losses: Float64Array;
}

/** A book without a move: where one market moves, all accounts but its holders are as they were. */
export class UnmovedBook {
  /** by group */
  readonly accounts: Int32Array;
  /** by account: its group of {@link GROUPS} */
  private readonly group: Uint8Array;
  private readonly sums: Sums;
  /** no move of any market */
  private readonly still: Float64Array;

  constructor(private readonly book: StressBook) {
    this.still = new Float64Array(book.n);
    this.group = Uint8Array.from(book.equity, (equity, a) => {
      const leverage = equity > 0 ? accountAfter(book, a, this.still).gross / equity : Infinity;
      return GROUPS.findIndex(([, most]) => leverage < most || most === Infinity);
    });
    this.accounts = new Int32Array(GROUPS.length);
    for (const group of this.group) this.accounts[group]++;
    this.sums = noSums();
    for (let a = 0; a < book.accounts; a++) this.add(this.sums, a, this.still, 1);
  }

  /** All accounts after moves. */
  after(moves: Float64Array): Sums {
    const { book, still } = this;
    const moved = moves.reduce((count, move) => (move === 0 ? count : count + 1), 0);
    if (moved !== 1) {
      const sums = noSums();
      for (let a = 0; a < book.accounts; a++) this.add(sums, a, moves, 1);
      return sums;
    }
    const sums = { ...this.sums, losses: this.sums.losses.slice() };
    for (const account of book.holdersOf(moves.findIndex((move) => move !== 0))) {
      this.add(sums, account, still, -1);
      this.add(sums, account, moves, 1);
    }
    return sums;
  }

  private add(sums: Sums, account: number, moves: Float64Array, sign: 1 | -1): void {
    const equity = this.book.equity[account];
    const { gain, after, moved, closed } = accountAfter(this.book, account, moves);
    sums.poolLoss += sign * Math.max(gain, -equity);
    sums.badDebt += sign * Math.max(0, -after);
    sums.losses[this.group[account]] -= sign * Math.max(gain, -Math.max(0, equity));
    if (!closed) return;
    sums.liquidated += sign;
    sums.notional += sign * moved;
  }
}

function noSums(): Sums {
  return {
    ...{ poolLoss: 0, badDebt: 0, liquidated: 0, notional: 0 },
    losses: new Float64Array(GROUPS.length),
  };
}

/**
 * A book after a move. Accounts below maintenance are liquidated at the prices after it; the margin that each had is taken to change with
 * its notional.
 *
 * @param unmoved of the book: to be made once for several scenarios
 */
export function stressOutcome(
  book: StressBook,
  scenario: StressScenario,
  unmoved = new UnmovedBook(book),
): StressOutcome {
  const { name, liquidityLeft = 0 } = scenario;
  const moves = movesOf(scenario);
  const { poolLoss, badDebt, liquidated, notional, losses } = unmoved.after(moves);
  const liquidity = Math.max(0, book.liquidity) * (1 - liquidityLeft);
  const fromCapital = Math.max(0, Math.min(poolLoss, book.capital));
  const fromLiquidity = Math.max(0, Math.min(poolLoss - fromCapital, liquidity));
  return {
    ...{ name, lossByMarket: Array.from(book.net, (x, i) => x * moves[i]) },
    groups: GROUPS.map(([group], g) => ({ group, accounts: unmoved.accounts[g], loss: losses[g] })),
    // The holders of the moved market were taken out of the sums: rounding may leave a remainder.
    liquidated: { accounts: liquidated, notional: liquidated === 0 ? 0 : notional },
    badDebt: Math.max(0, badDebt),
    ...{ poolLoss, fromCapital, fromLiquidity },
    uncovered: Math.max(0, poolLoss - fromCapital - fromLiquidity),
  };
}

/** An account after a move. */
export interface AccountAfter {
  readonly gain: number;
  /** equity after it, money */
  readonly after: number;
  /** Σ|x| before it, and after it */
  readonly gross: number;
  readonly moved: number;
  /** whether it is below its maintenance margin then */
  readonly closed: boolean;
}

/** @param moves relative, by market: {@link movesOf} a scenario */
export function accountAfter(book: StressBook, account: number, moves: Float64Array): AccountAfter {
  const gain = book.gain(account, moves);
  const after = book.equity[account] + gain;
  let gross = 0;
  let moved = 0;
  for (let at = book.start[account]; at < book.start[account + 1]; at++) {
    const market = book.market[at];
    const notional = Math.abs(book.notional[at]);
    gross += notional;
    moved += notional * (1 + moves[market]);
  }
  return { gain, after, gross, moved, closed: after * gross < book.maintenance[account] * moved };
}
