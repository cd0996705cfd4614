import type { ExecutionPayload, PlanPayload } from '#lib/messages';
import { formatDecimal, fromNumber, MONEY_DECIMALS, parseDecimal, SIZE_DECIMALS } from '#lib/amounts';
import { InvalidInputError } from '#lib/errors';
import type { Race } from '#lib/liquidating';

export type OpenedPlan = Extract<PlanPayload, { kind: 'opened' }>;
export type ClosedPlan = Extract<PlanPayload, { kind: 'closed' }>;
export type Order = OpenedPlan['orders'][number];

/** A liquidation that is not closed: waiting for an offer, or for the trade of the one that has won to be booked. */
export interface LiveLiquidation {
  readonly opened: OpenedPlan;
  race: Race;
}

/** Share of its orders that a partial execution closes, on average: a bounded number of reports executes any plan. */
const LEAST_FILLED = 0.1;

/**
 * The sizes that a report closed: the whole plan, or its fills.
 *
 * @throws {InvalidInputError} where a fill is not a part of the plan's order, or the fills of a full execution are not all of it
 */
export function fillsOf(
  { status, fills }: ExecutionPayload,
  orders: readonly Order[],
): readonly (Order & { readonly price?: string | undefined })[] {
  if (status === 'full' && fills?.some(({ price }) => price !== undefined) !== true) return orders;
  if (fills === undefined || fills.length === 0) {
    throw new InvalidInputError('fills', 'must say what a partial execution has closed');
  }
  const seen = new Set<string>();
  let filledShare = 0;
  let whole = fills.length === orders.length;
  for (const { market, size } of fills) {
    const order = orders.find((candidate) => candidate.market === market);
    if (order === undefined || seen.has(market)) {
      throw new InvalidInputError('fills', `${market} is not one of the plan's orders, or is there twice`);
    }
    seen.add(market);
    const [asked, filled] = [order.size, size].map((text) => parseDecimal(text, SIZE_DECIMALS, 'fills.size'));
    const part = asked > 0n ? filled > 0n && filled <= asked : filled < 0n && filled >= asked;
    if (!part)
      throw new InvalidInputError('fills', `${size} of ${market} is not a part of the order's ${order.size}`);
    filledShare += Number(filled) / Number(asked);
    whole &&= filled === asked;
  }
  // The whole plan wins before a part of it: a part that calls itself the whole would win with a tenth.
  if (status === 'full' && !whole)
    throw new InvalidInputError('fills', 'must be all of the plan’s orders where the status is full');
  if (filledShare < LEAST_FILLED * orders.length)
    throw new InvalidInputError(
      'fills',
      `close ${(100 * filledShare) / orders.length} % of the plan's orders on average, at least ${100 * LEAST_FILLED} % are taken: the plan is for who can execute it`,
    );
  return fills;
}

/** Money of a plan, for sums in SQL. */
export function moneyColumn(value: number): string {
  return formatDecimal(fromNumber(value, MONEY_DECIMALS, 'nearest', 'money'), MONEY_DECIMALS);
}
