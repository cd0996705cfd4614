import { InvalidInputError } from '#lib/errors';
import { type Offer, offeredPlan, OfferRefusedError, ordersOf } from '#lib/liquidating';
import type { LiquidationPlan } from '#lib/liquidation';
import type { ExecutionPayload, LiquidationTradePayload } from '#lib/messages';
import { fillsOf, type OpenedPlan, type Order } from './liquidation-record.js';

/** Largest penalty of a trade, whatever its plan says. */
const LARGEST_RATE = 0.01;

/**
 * A liquidator's report as an offer for the plan: at its own rate, with its own fractions where it has a solution.
 *
 * @throws {OfferRefusedError} where rate or solution do not hold, with the reasons
 * @throws {InvalidInputError} where fills are not a part of the orders, or some have a price and others have none
 */
export function offerOf(report: ExecutionPayload, opened: OpenedPlan): Offer {
  const { reportId, liquidator, claims = false, status } = report;
  if (status === 'expired') throw new InvalidInputError('status', 'expired is no offer');
  const published = opened.plan as unknown as LiquidationPlan;
  const { penaltyRate, plan } = offeredPlan(published, report.penaltyRate, report.solution);
  const fills = fillsOf(report, plan === published ? opened.orders : ordersOf(plan, sizesOf(opened)));
  const prices = fills.filter(({ price }) => price !== undefined);
  if (prices.length !== 0 && prices.length !== fills.length)
    throw new InvalidInputError('fills', 'must all have a price, or none');
  if (claims && prices.length > 0)
    throw new InvalidInputError('claims', 'is for fills whose prices are not known yet');
  return {
    ...{ reportId, liquidator, status, penaltyRate, claims },
    closedNotional: plan.closedNotional,
    legs: fills.map(({ market, size, price }) => ({
      market,
      size,
      ...(price === undefined ? {} : { price }),
    })),
  };
}

/** The command that executes an offer. */
export function tradeOf(
  { planId, account, parameters, plan }: OpenedPlan,
  offer: Offer,
): LiquidationTradePayload {
  const { penaltyRate: published } = plan.case as { readonly penaltyRate?: number };
  const prices = offer.legs.flatMap(({ price }) => (price === undefined ? [] : [price]));
  return {
    ...{ planId, account, liquidator: offer.liquidator, parameters },
    legs: offer.legs.map(({ market, size }) => ({ market, size })),
    ...(published === undefined ? {} : { penaltyRate: Math.min(offer.penaltyRate, LARGEST_RATE) }),
    ...(prices.length > 0 ? { prices } : {}),
  };
}

function sizesOf({ sizes }: OpenedPlan): Order['size'][] {
  if (sizes === undefined) throw new OfferRefusedError(['the plan takes no solutions: it has no sizes']);
  return sizes;
}
