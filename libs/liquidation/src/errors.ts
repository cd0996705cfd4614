import { ZkriskError } from '#lib/errors';

/** Neither a plan nor a proof that there is none. */
export class UnprovenPlanError extends ZkriskError {
  readonly code = 'unproven-plan';

  constructor(what: string, least: number) {
    super(`the margin's restoration could be neither reached nor disproved: ${what}`, { least });
  }
}
