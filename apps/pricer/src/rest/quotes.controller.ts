import { Body, Controller, Header, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { EmbeddedLog, outgoing, TOPICS } from '#lib/events';
import { type BookEvent, formatMoney, MONEY_DECIMALS, parseDecimal } from '#lib/ledger';
import { ZodPipe } from '#lib/service';
import { CommandRejectedError, OutcomePendingError } from '../engine/errors.js';
import { PricerService } from '../pricer.service.js';
import { QuoteDesk } from '../quote-desk.js';
import { Documented } from './documented.js';
import { bookedTrade, type QuoteRequest, quoteRequest, quoteResponse } from './schemas.js';

const OUTCOME_TIMEOUT_MS = 10_000;

@ApiTags('quotes')
@Controller('v1/quotes')
export class QuotesController {
  constructor(
    @Inject(PricerService) private readonly pricer: PricerService,
    @Inject(QuoteDesk) private readonly desk: QuoteDesk,
    @Inject(EmbeddedLog) private readonly log: EmbeddedLog,
  ) {}

  @Post()
  @HttpCode(201)
  @Header('content-type', 'application/json; charset=utf-8')
  @Documented({
    summary: 'Price a trade',
    body: quoteRequest,
    response: quoteResponse,
    status: 201,
    errors: [400, 404, 422, 503],
  })
  quote(@Body(new ZodPipe(quoteRequest)) request: QuoteRequest): string {
    return this.desk.quote(request);
  }

  @Post(':id/accept')
  @HttpCode(200)
  @Documented({
    summary: 'Book the trade of a quote, once',
    response: bookedTrade,
    errors: [404, 409, 410, 504],
  })
  async accept(@Param('id') id: string): Promise<object> {
    const known = await this.pricer.outcome(id, 0);
    if (known) return tradeOf(known);
    const quote = this.desk.acceptable(id, Date.now());
    // The trade's id is the quote's: however often it is sent, it is booked once.
    const trade = outgoing(
      TOPICS.trades,
      quote.account,
      { id, sequence: 0, time: this.pricer.engine.board.now },
      {
        tradeId: id,
        account: quote.account,
        legs: quote.legs.map(({ market, size }) => ({ market, size })),
        quote: {
          quoteId: id,
          marks: quote.legs.map(({ mark }) => mark),
          riskPremium: quote.riskPremium,
          liquidityPremium: quote.liquidityPremium,
        },
      },
    );
    const booked = this.pricer.outcome(id, OUTCOME_TIMEOUT_MS);
    await this.log.publish([trade]);
    const event = await booked;
    if (event === undefined) throw new OutcomePendingError(id);
    return tradeOf(event);
  }
}

function tradeOf(event: BookEvent): object {
  if (event.kind === 'trade-rejected')
    throw new CommandRejectedError(event.code, event.reason, event.tradeId);
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
