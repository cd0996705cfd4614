import { ZkriskError } from '#lib/errors';

/** Neither a plan nor a proof that there is none. */
export class UnprovenPlanError extends ZkriskError {
  readonly code = 'unproven-plan';

  /** @param least smallest violation of the margin that was reached, money */
  constructor(least: number) {
    super(
      `whether the margin can be restored was neither shown nor disproved; ${least} was the least that was missing`,
      { least },
    );
  }
}
