import {
  type ClosedJournal,
  JOURNAL_CHUNK,
  JournalWriter,
  type OpeningBook,
  type ReadChunk,
  type RecordedChange,
  tradeReceipt,
  type TradeReceipt,
} from '#lib/commitment';

/** A journal of records, written as the pricer writes it. */
export class WrittenJournal {
  readonly journal: ClosedJournal;
  readonly chunks: readonly ReadChunk[];

  constructor(opening: OpeningBook, records: readonly RecordedChange[]) {
    const writer = new JournalWriter(opening);
    this.chunks = records.flatMap((record, i) => {
      const start = writer.append(record);
      return start === undefined ? [] : [{ ...start, records: records.slice(i, i + JOURNAL_CHUNK) }];
    });
    this.journal = writer.close();
  }

  receipt(at: { readonly barEnd: number; readonly forecastId: string }, index: number): TradeReceipt {
    const chunk = Math.floor(index / JOURNAL_CHUNK);
    const before = this.chunks.at(chunk - 1);
    return tradeReceipt({ ...at, journal: this.journal, chunk: this.chunks[chunk], before }, index);
  }
}
