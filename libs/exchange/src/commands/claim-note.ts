import { formatMoney } from '#lib/amounts';
import type { AccountPayload } from '#lib/messages';
import type { NotePaid } from '../book/book-event.js';
import { NothingToClaimError } from '../errors.js';
import type { Exchange } from './exchange.js';

type Claim = Extract<AccountPayload, { kind: 'claim' }>;

/** Pays the money set aside for an account's notes into its cash. @throws {NothingToClaimError} */
export function claimNote({ ledger }: Exchange, { commandId, account }: Claim, at: number): NotePaid {
  const { claimable, outstanding } = ledger.notesOf(account);
  if (claimable <= 0n) throw new NothingToClaimError(account, formatMoney(outstanding));
  return { kind: 'note-paid', at, commandId, account, amount: formatMoney(claimable) };
}
