import { formatMoney } from '#lib/amounts';
import { CHUNK_ACCOUNTS, type LossShares, lossSharesFailures, lossStatement, shareLoss } from '#lib/margin';
import type { LossShare } from '../accounts/loss-share.js';
import type { BookEvent, GainsCut, HaircutSettled } from '../book/book-event.js';
import type { Exchange } from './exchange.js';

/** One account's part in a loss past the pool, money. */
export interface LossPart {
  readonly account: string;
  readonly equity: bigint;
  readonly gain: bigint;
  readonly cut: bigint;
}

/** Who bears a loss past the pool's capital, as it would be settled at the marks of now. */
export interface LossSettlement {
  /** D */
  readonly need: bigint;
  readonly shares: LossShares;
  /** of accounts with equity, ids ascending */
  readonly parts: readonly LossPart[];
}

/**
 * Shares the shortfall at marks, D = (Σ E_a⁺ + notes set aside − deposits)⁺: pro rata of gains of the last day, then
 * of the accounts' equity. Debts of accounts that are not liquidated yet are counted: the pool has to bear them. O(accounts).
 *
 * Source: margin-adl.md §3.
 */
export function lossSettlement({ ledger, accounts }: Exchange): LossSettlement {
  const names = [...ledger.accountNames()].sort((a, b) => (a < b ? -1 : 1));
  let claims = 0n;
  const held = names.flatMap((account) => {
    const equity = accounts.exactEquity(account);
    if (equity <= 0n) return [];
    claims += equity;
    return [{ account, equity, gain: ledger.gainOf(account, equity) }];
  });
  const missing = claims + ledger.notes.fund - ledger.netDeposits;
  const need = missing > 0n ? missing : 0n;
  const shares = shareLoss(need, held);
  const failures = lossSharesFailures(need, held, shares);
  if (failures.length > 0) throw new Error(`a loss cannot be shared: ${failures.join('; ')}`);
  return { need, shares, parts: held.map((part, i) => ({ ...part, cut: shares.cuts[i] })) };
}

/** The sums that a loss would be shared by now. O(accounts). */
export function lossShareNow(exchange: Exchange): LossShare {
  const { need, shares, parts } = lossSettlement(exchange);
  const equity = parts.reduce((sum, part) => sum + part.equity, 0n);
  return { at: exchange.board.now, need, gains: shares.gains, principal: equity - shares.gains };
}

/** The events of a settlement: its cuts in parts, then its sums. */
export function settleLosses(exchange: Exchange, at: number): BookEvent[] {
  const { need, shares, parts } = lossSettlement(exchange);
  if (need === 0n) return [];
  const settlementId = `settlement-${exchange.ledger.settlements + 1}`;
  const statement = lossStatement(need, parts);
  const events: (GainsCut | HaircutSettled)[] = [];
  // A part is a chunk of the statement, with its leaves: the journal is enough to prove an account's share.
  for (let from = 0; from < parts.length; from += CHUNK_ACCOUNTS) {
    const chunk = parts.slice(from, from + CHUNK_ACCOUNTS);
    events.push({
      ...{ kind: 'gains-cut', at, settlementId },
      cuts: chunk
        .filter(({ cut }) => cut > 0n)
        .map(({ account, cut }) => [account, formatMoney(cut)] as const),
      held: chunk.map(
        ({ account, gain, equity }) => [account, formatMoney(gain), formatMoney(equity)] as const,
      ),
    });
  }
  events.push({
    ...{ kind: 'haircut-settled', at, settlementId },
    need: formatMoney(need),
    gains: formatMoney(shares.gains),
    fromGains: formatMoney(shares.fromGains),
    fromPrincipal: formatMoney(shares.fromPrincipal),
    accounts: parts.filter(({ cut }) => cut > 0n).length,
    root: statement.chunks.at(-1)?.root ?? '',
    chunks: statement.chunks.map(({ accounts, gains, principal, cuts, last, leaves, root }) => ({
      ...{ accounts, gains: formatMoney(gains), principal: formatMoney(principal), cuts: formatMoney(cuts) },
      ...{ last, leaves, root },
    })),
  });
  return events;
}
