import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'vitest';

/**
 * Real prices and public benchmark series lie beside a checkout and are never committed. Their tests are skipped where
 * they are missing, and their names say so: `scripts/test.mjs` accepts no other skip in CI.
 */
const folder = join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'data');

export const hasRealData = existsSync(join(folder, 'hourly_close_24.csv'));

const named = (name: string) => `${name} (needs ../shared/data)`;

/** `describe` for tests of real data; the body does not run where the data are missing. */
export function describeWithRealData(name: string, body: () => void): void {
  if (hasRealData) describe(named(name), body);
  else it.skip(named(name));
}

/** `it` for a test of real data. */
export function itWithRealData(name: string, body: () => void | Promise<void>, timeoutMs?: number): void {
  it.skipIf(!hasRealData)(named(name), body, timeoutMs);
}

export function realDataPath(file: string): string {
  return join(folder, file);
}

/** Numeric columns of a CSV by name; columns with other text (dates) are left out. */
export function realDataColumns(file: string): Record<string, Float64Array> {
  const [header, ...rows] = readFileSync(realDataPath(file), 'utf8')
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
