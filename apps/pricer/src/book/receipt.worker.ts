import {
  type OpeningBook,
  RecordedJournal,
  type RecordedChange,
  tradeReceipt,
  type TradeReceipt,
} from '#lib/commitment';
import { answerRequests } from '#lib/runtime';

/** An epoch's journal. */
export interface JournalOf {
  readonly barEnd: number;
  readonly forecastId: string;
}

/** A place in a journal: of a book event's change, or as the journal counts. */
export type PlaceInJournal = { readonly sequence: number } | { readonly index: number };

/** Requests to the thread that makes receipts: a journal is begun, its records come in parts, and it is kept while it is asked for. */
export type ReceiptRequest =
  | { readonly kind: 'begin'; readonly of: JournalOf; readonly opening: OpeningBook }
  | { readonly kind: 'records'; readonly records: readonly RecordedChange[] }
  | { readonly kind: 'end' }
  | { readonly kind: 'receipt'; readonly of: JournalOf; readonly place: PlaceInJournal };

/** `no-journal`: it is not kept; `no-entry`: it has no such entry */
export type ReceiptReply = TradeReceipt | 'no-journal' | 'no-entry' | undefined;

/** Journals that are kept with their trees. */
const KEPT = 2;
const kept = new Map<number, { of: JournalOf; journal: RecordedJournal }>();
let begun: { of: JournalOf; opening: OpeningBook; records: RecordedChange[] } | undefined;

answerRequests((request: ReceiptRequest): ReceiptReply => {
  switch (request.kind) {
    case 'begin':
      begun = { of: request.of, opening: request.opening, records: [] };
      return undefined;
    case 'records':
      begun?.records.push(...request.records);
      return undefined;
    case 'end': {
      const { of, opening, records } = begun!;
      begun = undefined;
      kept.set(of.barEnd, { of, journal: new RecordedJournal(opening, records) });
      const [oldest] = kept.keys();
      if (kept.size > KEPT) kept.delete(oldest);
      return undefined;
    }
    case 'receipt': {
      const found = kept.get(request.of.barEnd);
      if (found === undefined) return 'no-journal';
      // The one that was asked for last goes last.
      kept.delete(request.of.barEnd);
      kept.set(request.of.barEnd, found);
      const { place } = request;
      const index = 'index' in place ? place.index : found.journal.indexOf(place.sequence);
      if (index < 0 || index >= found.journal.entries) return 'no-entry';
      return tradeReceipt(found.of, found.journal, index);
    }
  }
});
