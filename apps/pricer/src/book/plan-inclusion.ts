import type { LiquidationCase } from '#lib/liquidation';
import { type Message, type Outgoing, outgoing, type PlanPayload, TOPICS } from '#lib/messages';
import type { BookCommitments } from './book-commitments.js';

/**
 * The place of a plan's account in the book of the bar before; a proof of the plan is attested with it.
 *
 * @returns undefined where no plan is opened, or its case has no positions to prove
 */
export async function planInclusion(
  { payload, time }: Message<PlanPayload>,
  commitments: BookCommitments,
): Promise<Outgoing | undefined> {
  if (payload.kind !== 'opened' || !hasPositions(payload.plan.case)) return undefined;
  const { planId, account, at } = payload;
  const inclusion = (await commitments.leaf(account, at)) ?? null;
  const header = { id: `inclusion-${planId}`, sequence: time, time };
  const place = { planId, account, inclusion: inclusion && { ...inclusion } };
  return outgoing(TOPICS.inclusions, planId, header, place);
}

/** False for a value that is not a case. */
function hasPositions(given: unknown): boolean {
  const isObject = (value: unknown) => typeof value === 'object' && value !== null;
  if (!isObject(given)) return false;
  const { positions } = given as Partial<LiquidationCase>;
  return Array.isArray(positions) && positions.every(isObject);
}
