import { writeFileSync } from 'node:fs';
import { messageOf } from '#lib/errors';
import { pricesCsv, readSeriesFiles } from '#lib/price-file';
import { UsageError } from '#lib/terminal';
import { note } from './print.js';

export interface Imported {
  readonly out: string;
  readonly markets: readonly string[];
  readonly rows: number;
  readonly from: string;
  readonly to: string;
  readonly notes: readonly string[];
}

/**
 * `zkrisk import`: price files as they are found, joined on time into one CSV.
 *
 * @throws {PriceFileError} naming file, row and column of the text that cannot be read
 * @throws {UsageError} where the CSV cannot be written
 */
export function importCommand(
  files: readonly string[],
  { out, column, names }: { out: string; column?: string; names?: readonly string[] },
): Imported {
  const table = readSeriesFiles(files, {
    kind: 'price',
    ...(column === undefined ? {} : { column }),
    ...(names === undefined ? {} : { names }),
  });
  table.notes.forEach(note);
  try {
    writeFileSync(out, pricesCsv(table));
  } catch (cause) {
    throw new UsageError(`--out: ${out} cannot be written (${messageOf(cause)})`, {}, { cause });
  }
  const { times } = table;
  return {
    ...{ out, markets: table.names, rows: times.length },
    from: new Date(times[0]).toISOString(),
    to: new Date(times[times.length - 1]).toISOString(),
    notes: table.notes,
  };
}
