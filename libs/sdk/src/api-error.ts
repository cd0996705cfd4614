import { ZkriskError } from '#lib/errors';

/** A refusal by the engine: the problem document's stable code, HTTP status and sentence. */
export class ApiError extends ZkriskError {
  constructor(
    readonly code: string,
    readonly status: number,
    detail: string,
  ) {
    super(detail, { status });
  }
}
