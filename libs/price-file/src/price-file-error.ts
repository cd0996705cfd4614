import { ZkriskError } from '#lib/errors';

/** Where in a file something is wrong. Rows are lines of the file, the first is 1. */
export interface Place {
  readonly row?: number;
  /** the header's name of the column, or its number where it has none */
  readonly column?: string | number;
}

/** A file that cannot be used: names the file, row, column and the remedy. */
export class PriceFileError extends ZkriskError {
  readonly code = 'price-file';

  constructor(
    readonly file: string,
    place: Place,
    problem: string,
    options: ErrorOptions = {},
  ) {
    const { row, column } = place;
    const at = [
      file,
      ...(row === undefined && column === undefined
        ? []
        : [
            [row === undefined ? '' : `row ${row}`, column === undefined ? '' : `column ${column}`]
              .filter((part) => part !== '')
              .join(', '),
          ]),
    ].join(': ');
    super(`${at}: ${problem}`, { file, ...place }, options);
  }
}
