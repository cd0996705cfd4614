import { StreamLimitError } from './errors.js';

/** Current use of each holder of a key, or address. */
export class Allowance {
  private readonly counts = new Map<string, number>();

  /** @param what for the error's text, such as "connections" */
  constructor(
    private readonly what: string,
    readonly most: number,
  ) {}

  /** @throws {StreamLimitError} */
  take(holder: string): void {
    const taken = this.counts.get(holder) ?? 0;
    if (taken >= this.most) throw new StreamLimitError(`not more than ${this.most} ${this.what} at once`);
    this.counts.set(holder, taken + 1);
  }

  giveBack(holder: string, count = 1): void {
    const left = (this.counts.get(holder) ?? 0) - count;
    if (left > 0) this.counts.set(holder, left);
    else this.counts.delete(holder);
  }
}
