import { hash } from 'node:crypto';

/** Siblings from a leaf up; null where a node has none and goes up as it is. */
export type MerklePath = readonly ({ readonly digest: string; readonly left: boolean } | null)[];

/** SHA-256 of a list of parts as JSON has it: no two lists are written alike. */
export function digestOf(...parts: readonly (string | number | bigint)[]): string {
  let text = '';
  for (const part of parts) text += `,${typeof part === 'string' ? JSON.stringify(part) : `"${part}"`}`;
  return hash('sha256', `[${text.slice(1)}]`);
}

/** Digest of the id of a chunk's last account; empty before the first account. */
export function idDigest(account: string): string {
  return account === '' ? '' : digestOf('id', account);
}

/** Root over digests in order; empty where there are none. */
export function merkleRoot(digests: readonly string[]): string {
  let level = digests;
  while (level.length > 1) level = levelAbove(level);
  return level[0] ?? '';
}

/** The way from the digest at a place up to the root. */
export function merklePath(digests: readonly string[], at: number): MerklePath {
  const path: ({ digest: string; left: boolean } | null)[] = [];
  let level = digests;
  for (let i = at; level.length > 1; i = i >> 1) {
    const missing = i % 2 === 0 && i + 1 >= level.length;
    path.push(missing ? null : { digest: level[i % 2 === 0 ? i + 1 : i - 1], left: i % 2 === 1 });
    level = levelAbove(level);
  }
  return path;
}

/** The root that a leaf's digest and its path lead to. */
export function climbed(leaf: string, path: MerklePath): string {
  return path.reduce(
    (digest, step) =>
      step === null
        ? digest
        : step.left
          ? digestOf('node', step.digest, digest)
          : digestOf('node', digest, step.digest),
    leaf,
  );
}

function levelAbove(level: readonly string[]): string[] {
  return Array.from({ length: Math.ceil(level.length / 2) }, (_, i) =>
    2 * i + 1 < level.length ? digestOf('node', level[2 * i], level[2 * i + 1]) : level[2 * i],
  );
}
