import { type Bucket, BUCKET } from './leaves.js';
import { addSpans, spanOf, type Sums, type SumsSpan } from './sums.js';

/** Sums side by side in a buffer that is used for one bucket after the other. */
export class SumsScratch {
  private bytes = new Uint8Array(2 ** 14);
  private view = new DataView(this.bytes.buffer);
  private readonly ends = new Uint32Array(BUCKET);

  private count = 0;

  /** bytes of all sums */
  get size(): number {
    return this.ends[this.count - 1];
  }

  span(at: number): SumsSpan {
    return { view: this.view, start: at === 0 ? 0 : this.ends[at - 1], end: this.ends[at] };
  }

  sums(at: number): Sums {
    return this.bytes.subarray(at === 0 ? 0 : this.ends[at - 1], this.ends[at]);
  }

  /** Sums of the first and second, of the third and fourth, and so on. */
  addPairs(below: Bucket | SumsScratch, pairs: number): void {
    this.enlarge(below.size);
    let end = 0;
    for (let i = 0; i < pairs; i++) {
      end = addSpans(below.span(2 * i), below.span(2 * i + 1), this.view, end);
      this.ends[i] = end;
    }
    this.count = pairs;
  }

  addTwo(left: Sums, right: Sums): void {
    this.enlarge(left.length + right.length);
    this.ends[0] = addSpans(spanOf(left), spanOf(right), this.view, 0);
    this.count = 1;
  }

  private enlarge(needed: number): void {
    if (needed <= this.bytes.length) return;
    this.bytes = new Uint8Array(2 * needed);
    this.view = new DataView(this.bytes.buffer);
  }
}
