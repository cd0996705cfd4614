import { randomUUID } from 'node:crypto';
import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { MARKET_ORDERS, type MarketOrderKind, MarketOrderError, marketOrderSeal } from '#lib/exchange';
import { InvalidInputError } from '#lib/errors';
import { EventLog } from '#lib/events';
import { fields, outgoing, TOPICS } from '#lib/messages';
import { Documented, NeedsScope, ZodPipe } from '#lib/service';
import { PRICER_CONFIG, type PricerConfig } from '../pricer.config.js';

const kinds = Object.keys(MARKET_ORDERS) as [MarketOrderKind, ...MarketOrderKind[]];
const orderRequest = z.strictObject({
  order: z.enum(kinds).describe(kinds.map((kind) => `${kind}: ${MARKET_ORDERS[kind]}`).join('; ')),
  by: fields.identifier.describe('who gives it'),
  reason: z.string().min(1).max(200),
  factor: fields.decimal.optional().describe('of rescale: prices times this, sizes divided by it'),
  price: fields.price.optional().describe('of delist: what every position is settled at'),
  trade: z
    .strictObject({
      account: fields.marginAccount,
      id: fields.identifier.describe('of the trade, or of the liquidation plan'),
      of: z.enum(['trades', 'liquidation-trades']).default('trades'),
    })
    .optional()
    .describe('of bust: the trade that is taken back'),
});
const marketName = fields.market.or(z.literal('*'));
const orderTaken = z.object({ id: z.string(), issuedAt: z.string() });

/** Orders that only stop a market are one holder's to give at once; every other one can move money. */
const STOPPING: readonly unknown[] = ['halt', 'reduce-only'] satisfies MarketOrderKind[];
const needsSecondHolder = (body: unknown): boolean =>
  !STOPPING.includes((body as { order?: unknown } | null)?.order);

/** Checks the fields of an order by its kind. @throws {InvalidInputError} */
function requireFields(
  asked: { order: MarketOrderKind; market: string } & Partial<Record<string, unknown>>,
): void {
  const { order, market } = asked;
  for (const [field, of] of [
    ['factor', 'rescale'],
    ['price', 'delist'],
    ['trade', 'bust'],
  ] as const) {
    if (order === of && asked[field] === undefined) throw new InvalidInputError(field, `is needed to ${of}`);
    if (order !== of && asked[field] !== undefined) throw new InvalidInputError(field, `is of ${of} alone`);
  }
  const ofAll = order === 'bust' || order === 'accept-time';
  if (ofAll !== (market === '*'))
    throw new InvalidInputError('market', ofAll ? `must be * to ${order}` : `must be one market to ${order}`);
}

/**
 * The operator's orders. An order is a sealed message in the topic of prices: pricer, forecaster, liquidator and vault take
 * it between the same ticks, and it stays on record there.
 */
@ApiTags('admin')
@Controller('v1/admin/markets')
export class MarketOrdersController {
  constructor(
    @Inject(EventLog) private readonly log: EventLog,
    @Inject(PRICER_CONFIG) private readonly config: PricerConfig,
  ) {}

  @Post(':market/orders')
  @HttpCode(202)
  @NeedsScope('admin', { changesState: true, secondHolder: needsSecondHolder })
  @Documented({
    summary:
      'Order a market: halt, reduce-only, resume, confirm, refuse, rescale, delist; or accept-time and bust of *',
    body: orderRequest,
    response: orderTaken,
    status: 202,
    errors: [401, 403, 409, 422],
  })
  async order(
    @Param('market', new ZodPipe(marketName)) market: string,
    @Body(new ZodPipe(orderRequest)) asked: z.output<typeof orderRequest>,
  ): Promise<object> {
    const secret = this.config.MARKET_ORDER_SECRET;
    if (secret === undefined)
      throw new MarketOrderError(`${asked.order} of ${market}: MARKET_ORDER_SECRET is not set`);
    const issuedAt = Date.now();
    const unsealed = { ...asked, market, issuedAt };
    requireFields(unsealed);
    const payload = { kind: 'order', ...unsealed, seal: marketOrderSeal(secret, unsealed) } as const;
    const header = { id: `order-${randomUUID()}`, sequence: issuedAt, time: issuedAt };
    await this.log.publish([outgoing(TOPICS.prices, market, header, payload)]);
    return { id: header.id, issuedAt: new Date(issuedAt).toISOString() };
  }
}
