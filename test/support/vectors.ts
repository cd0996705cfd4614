import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '..', '..', '..', 'test', 'vectors');

/** Reads a file of reference numbers; `test/vectors/README.md` says how each was computed. */
export function referenceVector<T>(...path: string[]): T {
  return JSON.parse(readFileSync(join(folder, ...path), 'utf8')) as T;
}

/** |a − b| relative to |b|; absolute where |b| is below 1e-290. */
export function relativeError(a: number, b: number): number {
  return Math.abs(a - b) / Math.max(Math.abs(b), 1e-290);
}
