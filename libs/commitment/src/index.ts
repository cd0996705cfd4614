export {
  bookRoot,
  type Commitment,
  poolAmounts,
  poolBytes,
  type PoolAmounts,
  SALT_BYTES,
  saltOf,
} from './digest.js';
export { checkEntryEvent, type EntryOfEvent } from './entry-event.js';
export {
  bytesOf,
  type CheckedInclusion,
  checkIncludedAccount,
  hexOf,
  includedAccount,
} from './included-account.js';
export { includedAccountSchema } from './included-account-schema.js';
export {
  checkInclusion,
  type IncludedAccount,
  includedIn,
  type Inclusion,
  NotIncludedError,
} from './inclusion.js';
export { type ChunkStart, type ClosedJournal, JOURNAL_CHUNK, JournalWriter } from './journal-writer.js';
export { MerkleSumTree } from './merkle-sum-tree.js';
export {
  accountSums,
  addSums,
  type Holdings,
  NO_SUMS,
  type Sums,
  SumsInvalidError,
  type Totals,
  totalsOf,
} from './sums.js';
export {
  type BookChange,
  type JournalBookState,
  journalTree,
  type OpeningBook,
  type RecordedChange,
} from './recorded-journal.js';
export {
  contentOf,
  type EntryKind,
  type JournalLeaf,
  journalLeafDigest,
  journalRoot,
  type JournalRow,
  type JournalTerms,
  JournalTree,
  netBookBytes,
  netBookDigest,
  rowBytes,
  rowDigests,
  rowsOfBytes,
  termsDigest,
  type TradeReceipt,
} from './trade-journal.js';
export {
  checkTradeReceipt,
  type CheckedReceipt,
  openedReceipt,
  type ReadChunk,
  type ReceiptSource,
  tradeReceipt,
} from './trade-receipt.js';
export { tradeReceiptSchema } from './trade-receipt-schema.js';
