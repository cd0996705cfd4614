const BITS = 32;

/** A set of places, a bit for each: a copy of one of a million takes 125 kB, and those that are not in it are passed by 32 at a time. */
export class PlaceSet {
  constructor(private words: Uint32Array = new Uint32Array(1024)) {}

  add(place: number): void {
    const word = Math.floor(place / BITS);
    if (word >= this.words.length) {
      const words = new Uint32Array(2 * word);
      words.set(this.words);
      this.words = words;
    }
    this.words[word] |= 1 << (place % BITS);
  }

  delete(place: number): void {
    const word = Math.floor(place / BITS);
    if (word < this.words.length) this.words[word] &= ~(1 << (place % BITS));
  }

  has(place: number): boolean {
    return ((this.words[Math.floor(place / BITS)] ?? 0) & (1 << (place % BITS))) !== 0;
  }

  /** The set as it is: it does not change with this one. */
  copy(): PlaceSet {
    return new PlaceSet(this.words.slice());
  }

  /** @returns the first place of the set at or after `from`; Infinity where there is none */
  next(from: number): number {
    let word = Math.floor(from / BITS);
    if (word >= this.words.length) return Infinity;
    let bits = this.words[word] & (-1 << (from % BITS));
    while (bits === 0) {
      if (++word === this.words.length) return Infinity;
      bits = this.words[word];
    }
    return word * BITS + BITS - 1 - Math.clz32(bits & -bits);
  }
}
