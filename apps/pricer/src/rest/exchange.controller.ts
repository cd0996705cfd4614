import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { fields } from '#lib/messages';
import { Documented, NeedsScope, ZodPipe } from '#lib/service';
import { bookView, fundingView, marketsView, premiumCurveView, riskView } from '../exchange-views.js';
import { PricerService } from '../pricer.service.js';
import { fundingResponse, premiaQuery, premiaResponse } from './schemas.js';

/** Public view of the exchange: markets, book, risk, funding. */
@ApiTags('exchange')
@Controller('v1')
export class ExchangeController {
  constructor(@Inject(PricerService) private readonly pricer: PricerService) {}

  @Get('markets')
  @NeedsScope('quote')
  @Documented({ summary: 'Markets with their marks, and which cannot be traded and why' })
  markets(): object {
    return marketsView(this.pricer.engine);
  }

  @Get('markets/:market/premia')
  @NeedsScope('quote')
  @Documented({
    summary: 'What buying or selling a market costs by size, without quoting it',
    params: { market: fields.market },
    query: premiaQuery,
    response: premiaResponse,
    errors: [404, 422, 503],
  })
  premia(
    @Param('market', new ZodPipe(fields.market)) market: string,
    @Query(new ZodPipe(premiaQuery)) { notional }: z.output<typeof premiaQuery>,
  ): z.output<typeof premiaResponse> {
    this.pricer.requireFresh();
    return premiumCurveView(this.pricer.engine, market, notional);
  }

  @Get('book')
  @NeedsScope('quote')
  @Documented({ summary: 'The book θ = (q, C, P, L) and what is pending' })
  book(): object {
    return bookView(this.pricer.engine);
  }

  @Get('risk')
  @NeedsScope('quote')
  @Documented({
    summary: 'The exchange’s risk measure, its Euler allocation and the liquidity providers’ position',
    errors: [503],
  })
  risk(): object {
    return riskView(this.pricer.engine);
  }

  @Get('funding')
  @NeedsScope('quote')
  @Documented({
    summary:
      'Funding now: of each market in all, per unit of size and as a share of notional, and what has been collected',
    response: fundingResponse,
    errors: [503],
  })
  funding(): z.output<typeof fundingResponse> {
    return fundingView(this.pricer.engine);
  }
}
