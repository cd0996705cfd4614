/** Codes of {@link OsqpError}; stable, to switch on. */
export type OsqpErrorCode =
  | 'invalid-shape'
  | 'invalid-value'
  | 'invalid-bounds'
  | 'invalid-setting'
  | 'non-convex'
  | 'out-of-memory'
  | 'freed'
  | 'failed';

/** Every error of this package; names the argument at fault. */
export class OsqpError extends Error {
  constructor(
    readonly code: OsqpErrorCode,
    /** the argument, such as `A.values` */
    readonly argument: string,
    problem: string,
  ) {
    super(`${argument}: ${problem}`);
    this.name = 'OsqpError';
  }
}
