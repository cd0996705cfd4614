import type { Book, Markets, Proofs } from './answers.js';
import { decimalText } from '../format/numbers.js';
import { tell } from './tape.js';

/** Puts the changes from one answer to the next on the tape. The first answer has none to compare with and adds no entry. */

interface Seen {
  readonly status: string;
  readonly held: string | null;
}
const markets = new Map<string, Seen>();

/** Markets whose state has changed, and prices that are held back until others confirm them. */
export function seeMarkets({ markets: rows, marketTime }: Markets): void {
  const at = Date.parse(marketTime);
  for (const { market, status, held, mark } of rows) {
    const before = markets.get(market);
    markets.set(market, { status, held });
    if (before === undefined) continue;
    const entry = (kind: 'held back' | 'market', text: string) => {
      tell({
        id: `${market} ${at} ${kind}`,
        kind,
        at,
        text,
        subject: { name: market, page: 'markets', item: market },
      });
    };
    if (held !== null && held !== before.held)
      entry('held back', `a price of ${held} is held back, the mark stays ${mark}`);
    else if (held === null && before.held !== null)
      entry('held back', `the price of ${before.held} is gone; the mark is ${mark}`);
    if (status !== before.status) entry('market', `${before.status} → ${status}`);
  }
}

let proof: string | undefined;

/** @param at market time, milliseconds: proofs are made by another clock */
export function seeProof({ proofs: [last] }: Proofs, at: number): void {
  if (last === undefined || last.proofId === proof) return;
  const first = proof === undefined;
  proof = last.proofId;
  if (first) return;
  tell({
    id: `proof ${last.proofId}`,
    kind: 'proof',
    at,
    text: `${last.statement} proven in ${(last.seconds ?? 0).toFixed(1)} s`,
    subject: { name: last.subject.kind, page: 'proofs', item: last.proofId },
  });
}

let solvency: string | undefined;
let sizes: ReadonlyMap<string, string> | undefined;

/** Trades, by the net size of each market before and after, and changes of the exchange's solvency. */
export function seeBook({ solvency: { state }, marketTime, markets: rows }: Book): void {
  const at = Date.parse(marketTime);
  if (sizes !== undefined)
    for (const { market, signedSize } of rows) {
      const before = sizes.get(market) ?? '0';
      if (before === signedSize) continue;
      tell({
        ...{ id: `${market} ${at} ${signedSize}`, kind: 'traded', at },
        text: `traders together ${decimalText(before, 4)} → ${decimalText(signedSize, 4)}`,
        subject: { name: market, page: 'markets', item: market },
      });
    }
  sizes = new Map(rows.map(({ market, signedSize }) => [market, signedSize]));
  const before = solvency;
  solvency = state;
  if (before === undefined || before === state) return;
  tell({
    ...{ id: `solvency ${at}`, kind: 'exchange', at, text: `${before} → ${state}` },
    subject: { name: 'exchange', page: 'liquidity', item: '' },
  });
}
