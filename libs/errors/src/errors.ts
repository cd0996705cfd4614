/** One machine-readable fact of an error: plain JSON, so that it survives REST and Kafka unchanged. */
export type ErrorDetails = Readonly<
  Record<string, string | number | boolean | null | readonly (string | number)[]>
>;

/**
 * Root of every error the engine raises on purpose.
 *
 * `code` is stable (clients switch on it, documents list it), `message` names the fault, the value
 * and the remedy; `details` carries the same facts for programs.
 */
export abstract class ZkriskError extends Error {
  abstract readonly code: string;
  readonly details: ErrorDetails;

  constructor(message: string, details: ErrorDetails = {}, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
    this.details = details;
  }
}

/** An argument that no mathematics can be done with: wrong shape, not finite, out of its domain. */
export class InvalidInputError extends ZkriskError {
  readonly code = 'invalid-input';

  /** @param field the argument's name, as the caller wrote it, e.g. `prices[3]` */
  constructor(
    readonly field: string,
    problem: string,
    details: ErrorDetails = {},
  ) {
    super(`${field}: ${problem}`, { field, ...details });
  }
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
