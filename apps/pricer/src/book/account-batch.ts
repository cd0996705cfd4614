import type { Sums } from '#lib/commitment';

/** Accounts' sums in one buffer: a thread takes it as it is, where objects with numbers would be written and read one by one. */
export interface AccountBatch {
  readonly names: readonly string[];
  /** where each account's sums end, bytes */
  readonly ends: Uint32Array;
  readonly sums: Uint8Array;
}

export function packed(accounts: readonly (readonly [account: string, Sums])[]): AccountBatch {
  const ends = new Uint32Array(accounts.length);
  let end = 0;
  accounts.forEach(([, sums], i) => (ends[i] = end += sums.length));
  const together = new Uint8Array(end);
  accounts.forEach(([, sums], i) => {
    together.set(sums, ends[i] - sums.length);
  });
  return { names: accounts.map(([account]) => account), ends, sums: together };
}

export function* unpacked({ names, ends, sums }: AccountBatch): Generator<[account: string, Sums]> {
  let start = 0;
  for (const [i, name] of names.entries()) {
    yield [name, sums.subarray(start, ends[i])];
    start = ends[i];
  }
}
