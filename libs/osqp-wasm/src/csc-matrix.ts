import { OsqpError } from './errors.js';

/** A sparse matrix by compressed columns. Row indices rise within each column. */
export interface CscMatrix {
  readonly rows: number;
  readonly columns: number;
  /** columns + 1: where each column begins in the other two */
  readonly columnPointers: Int32Array;
  readonly rowIndices: Int32Array;
  readonly values: Float64Array;
}

/**
 * Stores a row-major dense matrix by compressed columns.
 *
 * @param keep which entries are stored; others must be zero for the result to be the same matrix (default: non-zeros)
 */
export function cscFromDense(
  rows: number,
  columns: number,
  dense: ArrayLike<number>,
  keep: (row: number, column: number, value: number) => boolean = (_row, _column, value) => value !== 0,
): CscMatrix {
  if (dense.length !== rows * columns) {
    throw new OsqpError('invalid-shape', 'dense', `must have ${rows * columns} entries, got ${dense.length}`);
  }
  const columnPointers = new Int32Array(columns + 1);
  const rowIndices: number[] = [];
  const values: number[] = [];
  for (let column = 0; column < columns; column++) {
    for (let row = 0; row < rows; row++) {
      const value = dense[row * columns + column];
      if (!keep(row, column, value)) continue;
      rowIndices.push(row);
      values.push(value);
    }
    columnPointers[column + 1] = values.length;
  }
  return {
    rows,
    columns,
    columnPointers,
    rowIndices: Int32Array.from(rowIndices),
    values: Float64Array.from(values),
  };
}

/** Upper triangle, with the whole diagonal, of a dense symmetric matrix: the form in which OSQP wants P. */
export function upperTriangleFromDense(n: number, dense: ArrayLike<number>, everyEntry = false): CscMatrix {
  return cscFromDense(n, n, dense, (row, column, value) =>
    row > column ? false : everyEntry || row === column || value !== 0,
  );
}

/** matrix·x. */
export function multiply({ rows, columns, columnPointers, rowIndices, values }: CscMatrix, x: Float64Array) {
  const product = new Float64Array(rows);
  for (let column = 0; column < columns; column++) {
    for (let at = columnPointers[column]; at < columnPointers[column + 1]; at++) {
      product[rowIndices[at]] += values[at] * x[column];
    }
  }
  return product;
}

/** xᵀPx of a symmetric matrix of which the upper triangle is stored. */
export function quadraticForm(
  { columns, columnPointers, rowIndices, values }: CscMatrix,
  x: Float64Array,
): number {
  let sum = 0;
  for (let column = 0; column < columns; column++) {
    for (let at = columnPointers[column]; at < columnPointers[column + 1]; at++) {
      const row = rowIndices[at];
      sum += (row === column ? 1 : 2) * values[at] * x[row] * x[column];
    }
  }
  return sum;
}

/** @throws {OsqpError} naming the part of the matrix that is not as it must be */
export function requireCsc(matrix: CscMatrix, rows: number, columns: number, name: string): void {
  const { columnPointers, rowIndices, values } = matrix;
  if (matrix.rows !== rows || matrix.columns !== columns) {
    throw new OsqpError(
      'invalid-shape',
      name,
      `must be ${rows}×${columns}, got ${matrix.rows}×${matrix.columns}`,
    );
  }
  if (columnPointers.length !== columns + 1 || columnPointers[0] !== 0) {
    throw new OsqpError(
      'invalid-shape',
      `${name}.columnPointers`,
      `must have ${columns + 1} entries beginning with 0`,
    );
  }
  const entries = columnPointers[columns];
  if (rowIndices.length !== entries || values.length !== entries) {
    throw new OsqpError(
      'invalid-shape',
      name,
      `must have ${entries} row indices and values by its column pointers, got ${rowIndices.length} and ${values.length}`,
    );
  }
  for (let column = 0; column < columns; column++) {
    if (columnPointers[column + 1] < columnPointers[column]) {
      throw new OsqpError('invalid-shape', `${name}.columnPointers`, `must not fall, do at column ${column}`);
    }
    for (let at = columnPointers[column]; at < columnPointers[column + 1]; at++) {
      const row = rowIndices[at];
      const previous = at > columnPointers[column] ? rowIndices[at - 1] : -1;
      if (row < 0 || row >= rows || row <= previous) {
        throw new OsqpError(
          'invalid-shape',
          `${name}.rowIndices`,
          `must rise within column ${column} and be below ${rows}, got ${row} after ${previous}`,
        );
      }
    }
  }
  requireFinite(values, `${name}.values`);
}

/** @throws {OsqpError} where an entry below the diagonal is stored */
export function requireUpperTriangle({ columns, columnPointers, rowIndices }: CscMatrix, name: string): void {
  for (let column = 0; column < columns; column++) {
    const last = columnPointers[column + 1] - 1;
    if (last >= columnPointers[column] && rowIndices[last] > column) {
      throw new OsqpError(
        'invalid-shape',
        `${name}.rowIndices`,
        `must hold the upper triangle only, but row ${rowIndices[last]} of column ${column} is stored`,
      );
    }
  }
}

/** @throws {OsqpError} */
export function requireFinite(values: Float64Array, name: string): void {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i]))
      throw new OsqpError('invalid-value', `${name}[${i}]`, `must be a finite number, got ${values[i]}`);
  }
}
