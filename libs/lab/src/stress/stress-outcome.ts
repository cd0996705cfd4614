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

/**
 * A book after a move. Accounts below maintenance are liquidated at the prices after it; the margin that each had is taken to change with
 * its notional.
 */
export function stressOutcome(book: StressBook, scenario: StressScenario): StressOutcome {
  const { name, liquidityLeft = 0 } = scenario;
  const moves = movesOf(scenario);
  const lossByMarket = Array.from(book.net, (x, i) => x * moves[i]);
  const groups = GROUPS.map(([group]) => ({ group, accounts: 0, loss: 0 }));
  const liquidated = { accounts: 0, notional: 0 };
  let badDebt = 0;
  for (let a = 0; a < book.accounts; a++) {
    const { gain, after, gross, moved, closed } = accountAfter(book, a, moves);
    const leverage = book.equity[a] > 0 ? gross / book.equity[a] : Infinity;
    const group = groups[GROUPS.findIndex(([, most]) => leverage < most || most === Infinity)];
    group.accounts++;
    group.loss -= Math.max(gain, -Math.max(0, book.equity[a]));
    if (closed) {
      liquidated.accounts++;
      liquidated.notional += moved;
    }
    badDebt += Math.max(0, -after);
  }
  const poolLoss = book.loss(moves);
  const liquidity = Math.max(0, book.liquidity) * (1 - liquidityLeft);
  const fromCapital = Math.max(0, Math.min(poolLoss, book.capital));
  const fromLiquidity = Math.max(0, Math.min(poolLoss - fromCapital, liquidity));
  return {
    ...{ name, lossByMarket, groups, liquidated, badDebt, poolLoss, fromCapital, fromLiquidity },
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
