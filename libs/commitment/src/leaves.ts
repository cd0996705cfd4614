import { SALT_BYTES } from './digest.js';
import { HEADER_BYTES, NO_SUMS, type Sums, type SumsSpan } from './sums.js';

/** Leaves whose sums stand in one buffer: a million accounts are no million buffers. */
export const BUCKET_BITS = 4;
export const BUCKET = 2 ** BUCKET_BITS;

/** An account's leaf; one of nobody has no name. */
export interface Leaf {
  readonly name: string | undefined;
  readonly salt: Uint8Array | undefined;
  readonly sums: Sums;
}

export const NO_LEAF: Leaf = { name: undefined, salt: undefined, sums: NO_SUMS };

/** Sums of 16 leaves side by side; those of nobody are zeros. */
export class Bucket {
  private bytes = new Uint8Array(BUCKET * HEADER_BYTES);
  private view = new DataView(this.bytes.buffer);
  private readonly starts = Uint32Array.from({ length: BUCKET + 1 }, (_, i) => i * HEADER_BYTES);

  /** bytes of all sums */
  get size(): number {
    return this.starts[BUCKET];
  }

  span(slot: number): SumsSpan {
    return { view: this.view, start: this.starts[slot], end: this.starts[slot + 1] };
  }

  sums(slot: number): Sums {
    return this.bytes.subarray(this.starts[slot], this.starts[slot + 1]);
  }

  set(slot: number, sums: Sums): void {
    const { starts, size } = this;
    const end = starts[slot + 1];
    const more = sums.length - (end - starts[slot]);
    if (more !== 0) {
      // Leaves behind are likely to be as large.
      if (size + more > this.bytes.length) this.enlarge(size + more * (BUCKET - slot));
      this.bytes.copyWithin(end + more, end, size);
      for (let i = slot + 1; i <= BUCKET; i++) starts[i] += more;
    }
    this.bytes.set(sums, starts[slot]);
  }

  private enlarge(needed: number): void {
    const bytes = new Uint8Array(needed);
    bytes.set(this.bytes.subarray(0, this.size));
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }
}

/** The leaves of a tree by their place. */
export class Leaves {
  private readonly names: (string | undefined)[] = [];
  private salts = new Uint8Array(BUCKET * SALT_BYTES);
  private readonly buckets: Bucket[] = [];

  /** places that are or were somebody's */
  get length(): number {
    return this.names.length;
  }

  name(index: number): string | undefined {
    return this.names[index];
  }

  salt(index: number): Uint8Array {
    return this.salts.subarray(index * SALT_BYTES, (index + 1) * SALT_BYTES);
  }

  bucket(at: number): Bucket {
    return (this.buckets[at] ??= new Bucket());
  }

  /** A copy of a leaf: it stays as it is when the leaf changes. */
  at(index: number): Leaf {
    const name = this.names[index];
    if (name === undefined) return NO_LEAF;
    const sums = this.bucket(index >> BUCKET_BITS).sums(index % BUCKET);
    return { name, salt: this.salt(index).slice(), sums: sums.slice() };
  }

  set(index: number, { name, salt, sums }: Leaf): void {
    this.names[index] = name;
    if (salt !== undefined) {
      if (this.salts.length < (index + 1) * SALT_BYTES) {
        const salts = new Uint8Array(2 * this.salts.length);
        salts.set(this.salts);
        this.salts = salts;
      }
      this.salts.set(salt, index * SALT_BYTES);
    }
    this.bucket(index >> BUCKET_BITS).set(index % BUCKET, sums);
  }
}
