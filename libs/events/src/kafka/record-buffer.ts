import type { LogRecord } from '../record.js';

/** Records of a partition that were read ahead. */
export class RecordBuffer {
  private records: LogRecord[] = [];
  /** when each of `records` has arrived */
  private arrivals: number[] = [];
  private characters = 0;
  private readTo: bigint | undefined;
  /** records before this offset were dropped */
  private releasedTo = -1n;
  paused = false;

  constructor(
    private readonly limits: { readonly records: number; readonly characters: number },
    readonly pause: () => void,
    readonly resume: () => void,
  ) {}

  /** Forgets everything: the partition is read anew. */
  reset(): void {
    this.records = [];
    this.arrivals = [];
    this.characters = 0;
    this.readTo = undefined;
    this.releasedTo = -1n;
    this.unpause();
  }

  /**
   * @param to everything below has been read
   * @param arrival counts arrivals, over all partitions
   */
  add(records: readonly LogRecord[], to: bigint, arrival: number): void {
    this.readTo = to;
    for (const record of records) {
      this.records.push(record);
      this.arrivals.push(arrival);
      this.characters += record.value.length;
    }
    if (!this.paused && this.isFull(1)) {
      this.paused = true;
      this.pause();
    }
  }

  /** Records from an offset on, at most `limit`, that had arrived when `arrival` was counted. */
  from(offset: bigint, limit: number, arrival = Infinity): LogRecord[] {
    const start = this.indexOf(offset);
    let end = start;
    while (end < this.records.length && end - start < limit && this.arrivals[end] <= arrival) end++;
    return this.records.slice(start, end);
  }

  /** Where a partition without records from an offset on goes on: after places that hold no records. */
  passed(offset: bigint): bigint | undefined {
    return this.readTo !== undefined && this.readTo > offset && this.at(offset) === undefined
      ? this.readTo
      : undefined;
  }

  /** The first record from an offset on. */
  at(offset: bigint): LogRecord | undefined {
    return this.records.at(this.indexOf(offset));
  }

  /** When the first record from an offset on has arrived; undefined where there is none. */
  arrivalOf(offset: bigint): number | undefined {
    return this.arrivals.at(this.indexOf(offset));
  }

  /** Drops records before an offset. */
  release(offset: bigint): void {
    if (offset > this.releasedTo) this.releasedTo = offset;
    const end = this.indexOf(offset);
    if (end === 0) return;
    this.arrivals.splice(0, end);
    for (const { value } of this.records.splice(0, end)) this.characters -= value.length;
    if (!this.isFull(0.5)) this.unpause();
  }

  private isFull(share: number): boolean {
    return (
      this.records.length >= share * this.limits.records || this.characters >= share * this.limits.characters
    );
  }

  private unpause(): void {
    if (!this.paused) return;
    this.paused = false;
    this.resume();
  }

  /**
   * Index of the first record at or after an offset.
   *
   * @throws {Error} where records from there on were dropped: the caller would skip them
   */
  private indexOf(offset: bigint): number {
    if (offset < this.releasedTo)
      throw new Error(`records from ${offset} on were dropped up to ${this.releasedTo}: read them anew`);
    let low = 0;
    let high = this.records.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.records[middle].offset < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
