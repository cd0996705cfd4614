import { ZkriskError } from '#lib/errors';

export class UnknownLiquidationError extends ZkriskError {
  readonly code = 'unknown-liquidation';
  constructor(planId: string) {
    super(`liquidation ${planId} is not known; GET /v1/liquidations lists those that are`, { planId });
  }
}

/** A report for a plan that takes none any more. */
export class PlanClosedError extends ZkriskError {
  readonly code = 'plan-closed';
  constructor(planId: string, status: string) {
    super(`plan ${planId} is ${status}`, { planId, status });
  }
}
