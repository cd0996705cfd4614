import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Reference data that lives beside a checkout, where it exists; tests that need it skip where it does not. */
const directory = join(import.meta.dirname, '..', '..', '..', '..', 'shared');

export const hasShared = existsSync(join(directory, 'vectors', 'pricing.json'));

export function sharedPath(...parts: string[]): string {
  return join(directory, ...parts);
}

export function sharedJson<T>(...parts: string[]): T {
  return JSON.parse(readFileSync(sharedPath(...parts), 'utf8')) as T;
}

/** Columns of a CSV of numbers by name; what is not a number (dates) is left out. */
export function sharedColumns(file: string): Record<string, Float64Array> {
  const [header, ...rows] = readFileSync(sharedPath('data', file), 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(','));
  const columns: Record<string, Float64Array> = {};
  header.forEach((name, j) => {
    const values = Float64Array.from(rows, (row) => Number(row[j]));
    if (values.every(Number.isFinite)) columns[name] = values;
  });
  return columns;
}

/** |a − b| relative to |b|, or absolute where b is (nearly) nothing. */
export function relativeError(a: number, b: number): number {
  return Math.abs(a - b) / Math.max(Math.abs(b), 1e-290);
}
