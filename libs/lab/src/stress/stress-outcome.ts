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

/**
 * A book after a move. Accounts below maintenance are liquidated at the prices after it; the margin that each had is taken to change with
 * its notional.
 */
export function stressOutcome(
  book: StressBook,
  { name, moves: given, liquidityLeft = 0, dead }: StressScenario,
): StressOutcome {
  const moves =
    dead === undefined ? given : given.map((move, i) => (i === dead ? Math.max(-1, 2 * move) : move));
  const lossByMarket = Array.from(book.net, (x, i) => x * moves[i]);
  const groups = GROUPS.map(([group]) => ({ group, accounts: 0, loss: 0 }));
  const liquidated = { accounts: 0, notional: 0 };
  let badDebt = 0;
  for (let a = 0; a < book.accounts; a++) {
    const gain = book.gain(a, moves);
    const after = book.equity[a] + gain;
    let gross = 0;
    let moved = 0;
    for (let at = book.start[a]; at < book.start[a + 1]; at++) {
      const market = book.market[at];
      const notional = Math.abs(book.notional[at]);
      gross += notional;
      moved += notional * (1 + moves[market]);
    }
    const leverage = book.equity[a] > 0 ? gross / book.equity[a] : Infinity;
    const group = groups[GROUPS.findIndex(([, most]) => leverage < most || most === Infinity)];
    group.accounts++;
    group.loss -= Math.max(gain, -Math.max(0, book.equity[a]));
    if (after * gross < book.maintenance[a] * moved) {
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
