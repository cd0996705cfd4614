import { Body, Controller, Header, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { ZkriskError } from '#lib/errors';
import { ForbiddenError } from '#lib/host';
import { TOPICS } from '#lib/messages';
import { type BookEvent } from '#lib/exchange';
import { MONEY_DECIMALS, parseDecimal, formatMoney } from '#lib/amounts';
import { CallerAccounts, CallerKey, Documented, NeedsScope, ZodPipe } from '#lib/service';
import { CommandDesk } from '../command-desk.js';
import { QuoteDesk } from '../quote-desk.js';
import {
  acceptRequest,
  bookedTrade,
  quoteId,
  quotesRequest,
  quotesResponse,
  type QuoteRequest,
  quoteRequest,
  quoteResponse,
} from './schemas.js';

@ApiTags('quotes')
@Controller('v1/quotes')
export class QuotesController {
  constructor(
    @Inject(QuoteDesk) private readonly desk: QuoteDesk,
    @Inject(CommandDesk) private readonly commands: CommandDesk,
  ) {}

  @Post()
  @HttpCode(201)
  @NeedsScope('quote', { actsFor: 'account' })
  @Header('content-type', 'application/json; charset=utf-8')
  @Documented({
    summary: 'Price a trade',
    body: quoteRequest,
    response: quoteResponse,
    status: 201,
    links: { QuotesController_accept: { id: '$response.body#/id' } },
    errors: [404, 409, 422, 503],
  })
  quote(@Body(new ZodPipe(quoteRequest)) request: QuoteRequest, @CallerKey() key: string | null): string {
    return this.desk.quote(request, key);
  }

  @Post('batch')
  @HttpCode(200)
  @NeedsScope('quote', { calls: requestsIn })
  @Header('content-type', 'application/json; charset=utf-8')
  @Documented({
    summary: 'Price trades of many accounts, each on its own',
    body: quotesRequest,
    response: quotesResponse,
    errors: [403, 422],
  })
  quotes(
    @Body(new ZodPipe(quotesRequest)) { requests }: z.output<typeof quotesRequest>,
    @CallerKey() key: string | null,
    @CallerAccounts() accounts: ReadonlySet<string> | null,
  ): string {
    const other = requests.find(({ account }) => accounts?.has(account) === false);
    if (other !== undefined)
      throw new ForbiddenError('the key may not act for an account of the batch', { field: other.account });
    const answers = requests.map((request) => {
      try {
        return `{"status":"quoted","quote":${this.desk.quote(request, key)}}`;
      } catch (error) {
        if (!(error instanceof ZkriskError)) throw error;
        return JSON.stringify({ status: 'refused', code: error.code, detail: error.message });
      }
    });
    return `{"answers":[${answers.join()}]}`;
  }

  @Post(':id/accept')
  @HttpCode(200)
  @NeedsScope('trade', { changesState: true })
  @Documented({
    params: { id: quoteId },
    summary: 'Book the trade of a quote, once',
    body: acceptRequest,
    response: bookedTrade,
    errors: [404, 409, 410, 422, 503, 504],
  })
  async accept(
    @Param('id', new ZodPipe(quoteId)) id: string,
    @Body(new ZodPipe(acceptRequest)) { margin, token }: z.output<typeof acceptRequest>,
    @CallerKey() key: string | null,
    @CallerAccounts() accounts: ReadonlySet<string> | null,
  ): Promise<object> {
    const known = await this.commands.knownTrade(id, accounts);
    if (known) return tradeOf(known);
    const { account, legs, riskPremium, liquidityPremium, seal } = this.desk.acceptable(
      { id, token, key },
      Date.now(),
    );
    // The trade's id is the quote's: however often it is sent, it is booked once.
    const event = await this.commands.submit(TOPICS.trades, account, id, {
      tradeId: id,
      account,
      legs: legs.map(({ market, size }) => ({ market, size })),
      ...(margin === undefined ? {} : { margin }),
      quote: { quoteId: id, marks: legs.map(({ mark }) => mark), riskPremium, liquidityPremium, seal },
    });
    return tradeOf(event);
  }
}

/** Quotes that a body asks for, before it is known to be one. */
function requestsIn(body: unknown): number {
  const { requests } = (body ?? {}) as { requests?: unknown };
  return Array.isArray(requests) ? Math.max(1, requests.length) : 1;
}

function tradeOf(event: BookEvent): Record<keyof z.output<typeof bookedTrade>, unknown> {
  if (event.kind !== 'trade-booked') throw new Error(`a trade cannot have come to ${event.kind}`);
  const { tradeId, quoteId, account, at, legs, riskPremium, liquidityPremium } = event;
  const total =
    parseDecimal(riskPremium, MONEY_DECIMALS, 'riskPremium') +
    parseDecimal(liquidityPremium, MONEY_DECIMALS, 'liquidityPremium');
  return {
    tradeId,
    quoteId,
    account,
    bookedAt: new Date(at).toISOString(),
    legs,
    premium: { risk: riskPremium, liquidity: liquidityPremium, total: formatMoney(total) },
  };
}
