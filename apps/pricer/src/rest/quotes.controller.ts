import { randomUUID } from 'node:crypto';
import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { EmbeddedLog, outgoing, TOPICS } from '#lib/events';
import {
  type BookEvent,
  formatDecimal,
  formatMoney,
  MONEY_DECIMALS,
  parseDecimal,
  PRICE_DECIMALS,
} from '#lib/ledger';
import { ZodPipe } from '#lib/service';
import { CommandRejectedError, OutcomePendingError } from '../engine/errors.js';
import type { PricerConfig } from '../pricer.config.js';
import { PricerService } from '../pricer.service.js';
import { QuoteStore } from '../quote-store.js';
import { PRICER_CONFIG } from '../tokens.js';
import { Documented } from './documented.js';
import {
  bookedTrade,
  type QuoteRequest,
  quoteRequest,
  type QuoteResponse,
  quoteResponse,
} from './schemas.js';

const OUTCOME_TIMEOUT_MS = 10_000;

@ApiTags('quotes')
@Controller('v1/quotes')
export class QuotesController {
  constructor(
    @Inject(PricerService) private readonly pricer: PricerService,
    @Inject(QuoteStore) private readonly quotes: QuoteStore,
    @Inject(EmbeddedLog) private readonly log: EmbeddedLog,
    @Inject(PRICER_CONFIG) private readonly config: PricerConfig,
  ) {}

  @Post()
  @HttpCode(201)
  @Documented({
    summary: 'Price a trade',
    body: quoteRequest,
    response: quoteResponse,
    status: 201,
    errors: [400, 404, 422, 503],
  })
  quote(@Body(new ZodPipe(quoteRequest)) request: QuoteRequest): QuoteResponse {
    const { engine } = this.pricer;
    const price = engine.price(request.legs);
    const funding = engine.fundingAfter(price.legs);
    const fundingRates: Record<string, number> = {};
    engine.board.markets.forEach((market, i) => {
      fundingRates[market] = funding.risk[i] + funding.liquidity[i];
    });
    const now = Date.now();
    const given = {
      id: randomUUID(),
      account: request.account,
      legs: request.legs.map(({ market, size }, i) => ({
        market,
        size,
        mark: formatDecimal(price.legs[i].exactPrice, PRICE_DECIMALS),
      })),
      riskPremium: formatMoney(price.riskPremium),
      liquidityPremium: formatMoney(price.liquidityPremium),
      expiresAt: now + this.config.QUOTE_TTL_MS,
    };
    this.quotes.add(given);
    return {
      id: given.id,
      account: given.account,
      legs: given.legs,
      premium: {
        risk: given.riskPremium,
        liquidity: given.liquidityPremium,
        total: formatMoney(price.riskPremium + price.liquidityPremium),
      },
      risk: { before: price.riskBefore, after: price.riskAfter },
      fundingRates,
      forecastId: price.forecastId,
      marketTime: new Date(engine.board.now).toISOString(),
      expiresAt: new Date(given.expiresAt).toISOString(),
    };
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
    const quote = this.quotes.acceptable(id, Date.now());
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
