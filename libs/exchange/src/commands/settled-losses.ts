import { MONEY_DECIMALS, parseDecimal } from '#lib/amounts';
import type { LossLeaf, LossStatement } from '#lib/margin';
import type { GainsCut, HaircutSettled } from '../book/book-event.js';

const money = (text: string, field: string) => parseDecimal(text, MONEY_DECIMALS, field);

/** The statement that a settlement's last event has. */
export function lossStatementOf({ need, chunks }: HaircutSettled): LossStatement {
  return {
    need: money(need, 'need'),
    chunks: chunks.map(({ gains, principal, cuts, ...chunk }) => ({
      ...chunk,
      gains: money(gains, 'gains'),
      principal: money(principal, 'principal'),
      cuts: money(cuts, 'cuts'),
    })),
  };
}

/** The leaves of a chunk of a settlement's statement. */
export function lossLeaves({ cuts, held }: GainsCut): LossLeaf[] {
  const cut = new Map(cuts);
  return held.map(([account, gain, equity]) => ({
    account,
    equity: money(equity, 'equity'),
    gain: money(gain, 'gain'),
    cut: money(cut.get(account) ?? '0', 'cut'),
  }));
}
