import { randomUUID } from 'node:crypto';
import {
  Body,
  Controller,
  Get,
  Headers,
  HttpCode,
  Inject,
  type MessageEvent,
  Param,
  Post,
  Query,
  Sse,
} from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { from, type Observable } from 'rxjs';
import { z } from 'zod';
import { EventLog } from '#lib/events';
import { enterRace, type Race } from '#lib/liquidating';
import { type ExecutionPayload, fields, outgoing, TOPICS } from '#lib/messages';
import { Documented, NeedsScope, ZodPipe } from '#lib/service';
import type { LiquidationEntity } from '#lib/storage';
import { PlanClosedError, UnknownLiquidationError } from '../errors.js';
import type { OpenedPlan } from '../liquidation-record.js';
import { offerOf } from '../offer-of.js';
import { LiquidatorRepository } from '../liquidator.repository.js';
import { LiquidatorService } from '../liquidator.service.js';
import { iso, liquidationSummary } from './liquidation-summary.js';

const listQuery = z.strictObject({
  status: z.enum(['open', 'executed', 'partially-executed', 'expired', 'superseded', 'refused']).optional(),
  account: fields.marginAccount.optional(),
  before: z.coerce.number().int().positive().optional().describe('number of the last one seen'),
  limit: z.coerce.number().int().min(1).max(500).default(50),
});

const executionRequest = z.strictObject({
  reportId: fields.identifier.optional().describe('makes a retry safe'),
  liquidator: fields.account,
  status: z.enum(['full', 'partial', 'expired']),
  fills: z
    .array(z.strictObject({ market: fields.market, size: fields.amount, price: fields.price.optional() }))
    .max(64)
    .optional()
    .describe('what is closed; with prices the liquidator’s own account takes the positions over'),
  penaltyRate: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe('a bid, at most the plan’s rate: the lowest of a race wins'),
  solution: z
    .looseObject({})
    .optional()
    .describe('of the liquidator’s own solver: caseDigest, fractions, reserved, certificate'),
  claims: z
    .boolean()
    .optional()
    .describe('the fills with their prices follow within five seconds of winning'),
});

const streamQuery = z.strictObject({
  after: z.string().max(30).optional().describe('as Last-Event-ID, for clients that can set no header'),
});
const planId = z.string().regex(/^[\w.:@+-]{1,100}$/, 'must be the id of a plan');
const liquidation = z.looseObject({ planId: z.string(), account: z.string(), status: z.string() });

const HEARTBEAT_MS = 15_000;
const STREAM_POLL_MS = 250;
const PAGE = 200;

@ApiTags('liquidations')
@Controller('v1/liquidations')
export class LiquidationsController {
  constructor(
    @Inject(LiquidatorService) private readonly service: LiquidatorService,
    @Inject(LiquidatorRepository) private readonly repository: LiquidatorRepository,
    @Inject(EventLog) private readonly log: EventLog,
  ) {}

  @Get()
  @NeedsScope('liquidator')
  @Documented({
    summary: 'Liquidations, the newest first, without their plans',
    query: listQuery,
    response: z.looseObject({ liquidations: z.array(liquidation) }),
    links: {
      LiquidationsController_one: { id: '$response.body#/liquidations/0/planId' },
      LiquidationsController_execute: { id: '$response.body#/liquidations/0/planId' },
    },
    errors: [422],
  })
  async list(@Query(new ZodPipe(listQuery)) query: z.output<typeof listQuery>): Promise<object> {
    const { limit, status, account, before } = query;
    const found = await this.repository.list({
      limit,
      ...(status === undefined ? {} : { status }),
      ...(account === undefined ? {} : { account }),
      ...(before === undefined ? {} : { before }),
    });
    return { liquidations: found.map((liquidation) => liquidationSummary(liquidation)) };
  }

  @Sse('stream')
  @NeedsScope('liquidator')
  @Documented({
    summary:
      'Server-sent events: every plan as it is opened and closed. Resumes after Last-Event-ID; without it, begins with what comes',
    query: streamQuery,
    response: z.string(),
    contentType: 'text/event-stream',
    errors: [422],
  })
  stream(
    @Headers('last-event-id') header: string | undefined,
    @Query(new ZodPipe(streamQuery)) { after }: z.output<typeof streamQuery>,
  ): Observable<MessageEvent> {
    const given = header ?? after;
    return from(this.follow(given === undefined ? undefined : parseEventId(given)));
  }

  @Get(':id')
  @NeedsScope('liquidator')
  @Documented({
    summary: 'A liquidation with its plan and certificate',
    params: { id: planId },
    response: liquidation,
    errors: [404, 422],
  })
  async one(@Param('id', new ZodPipe(planId)) id: string): Promise<object> {
    const found = await this.known(id);
    const { orders, plan, expiresAt, sizes = [] } = found.opened as OpenedPlan;
    const { endsAt, offers, claim } = found.race as Race;
    return {
      ...liquidationSummary(found),
      ...{ expiresAt: iso(expiresAt), orders, sizes, plan },
      // Offers are sealed: a bid that others see would be undercut at the last moment.
      race: {
        ...{ endsAt: iso(endsAt), offers: offers.length },
        claim: claim && { liquidator: claim.offer.liquidator, until: iso(claim.until) },
      },
    };
  }

  @Post(':id/executions')
  @HttpCode(202)
  @NeedsScope('liquidator', { changesState: true, actsFor: 'liquidator' })
  @Documented({
    summary:
      'Offer to execute an open plan, at its rate or a lower one; the best offer of the race wins, and the stream tells when it is booked',
    params: { id: planId },
    body: executionRequest,
    response: z.looseObject({ reportId: z.string(), planId: z.string(), status: z.string() }),
    status: 202,
    errors: [404, 409, 422],
  })
  async execute(
    @Param('id', new ZodPipe(planId)) id: string,
    @Body(new ZodPipe(executionRequest)) request: z.output<typeof executionRequest>,
  ): Promise<object> {
    const { reportId = randomUUID(), liquidator, status, fills, penaltyRate, solution, claims } = request;
    const found = await this.known(id);
    const { won } = found.race as Race;
    if (found.status !== 'open' || won !== null) {
      throw new PlanClosedError(id, won === null ? found.status : 'being executed');
    }
    const report: ExecutionPayload = {
      reportId,
      planId: id,
      liquidator,
      status,
      ...(fills === undefined ? {} : { fills }),
      ...(penaltyRate === undefined ? {} : { penaltyRate }),
      ...(solution === undefined ? {} : { solution }),
      ...(claims === undefined ? {} : { claims }),
    };
    if (status !== 'expired') enterRace(found.race as Race, offerOf(report, found.opened as OpenedPlan));
    const time = this.service.now;
    await this.log.publish([
      outgoing(TOPICS.executions, found.account, { id: reportId, sequence: 0, time }, report),
    ]);
    return { reportId, planId: id, status };
  }

  /** Events after an id, then those to come; a heartbeat now and then, so that dead connections are noticed. */
  private async *follow(after: number | undefined): AsyncGenerator<MessageEvent> {
    let position = after ?? (await this.repository.lastEvent());
    let spoken = Date.now();
    while (!this.service.ending) {
      // Listening starts before reading: a commit in between wakes the wait at once. Other processes wake nobody here.
      const next = this.service.nextEvent(STREAM_POLL_MS);
      const events = await this.repository.events(position, PAGE);
      for (const { sequence, payload } of events) {
        position = sequence;
        yield { id: String(sequence), type: payload.kind, data: payload };
      }
      if (events.length > 0) {
        spoken = Date.now();
        continue;
      }
      await next;
      if (this.service.ending || Date.now() - spoken < HEARTBEAT_MS) continue;
      spoken = Date.now();
      yield { type: 'heartbeat', data: { marketTime: iso(this.service.now) } };
    }
  }

  private async known(id: string): Promise<LiquidationEntity> {
    const found = await this.repository.find(id);
    if (found === null) throw new UnknownLiquidationError(id);
    return found;
  }
}

function parseEventId(text: string): number {
  const id = Number(text);
  return Number.isSafeInteger(id) && id >= 0 ? id : 0;
}
