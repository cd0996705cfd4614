import { Controller, Get, Header, Inject } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { NoForecastError } from '#lib/exchange';
import { Documented, NeedsScope } from '#lib/service';
import { StressDesk } from '../stress-desk.js';

const distance = z.object({
  atLeast: z
    .number()
    .describe('no joint move that is nearer costs the amount: certified; standard deviations (Mahalanobis)'),
  atMost: z.number().nullable().describe('distance of a move that costs it; null where none was found'),
  moves: z.record(z.string(), z.number()).nullable().describe('that move, relative changes by market'),
});

const stressResponse = z.object({
  marketTime: z.string().describe('of the book'),
  forecastId: z
    .string()
    .describe('of the bar of the figures: the last one, or the one before while the last is computed'),
  barEnd: z.string(),
  accounts: z.number().int().describe('accounts with positions'),
  capital: z.number().describe('P and its pending premia with the open book at marks, quote currency'),
  liquidity: z.number().describe('L the same'),
  distance: z.object({
    capital: distance.describe('to the nearest move that uses up P'),
    insolvency: distance.describe('to the nearest move that uses up P and L'),
  }),
  scenarios: z.array(
    z.object({
      name: z.string(),
      poolLoss: z.number().describe('what winners gain and what losers cannot pay, less what losers pay'),
      lossByMarket: z.record(z.string(), z.number()),
      groups: z.array(z.object({ group: z.string(), accounts: z.number().int(), loss: z.number() })),
      liquidated: z.object({ accounts: z.number().int(), notional: z.number() }),
      badDebt: z.number(),
      fromCapital: z.number(),
      fromLiquidity: z.number(),
      uncovered: z.number(),
    }),
  ),
});

/** The answer of `GET /v1/stress`. */
export type StressAnswer = z.output<typeof stressResponse>;

/** The standing book under stress, as of the bar's forecast. */
@ApiTags('exchange')
@Controller('v1')
export class StressController {
  constructor(@Inject(StressDesk) private readonly desk: StressDesk) {}

  @Get('stress')
  @NeedsScope('quote')
  @Documented({
    summary:
      'The book under stress: a grid of joint moves, and how far the nearest move is that uses up P, then P and L',
    response: stressResponse,
    errors: [503],
  })
  @Header('content-type', 'application/json; charset=utf-8')
  async stress(): Promise<Buffer> {
    const report = await this.desk.latest();
    if (report === null) throw new NoForecastError();
    // As the thread has written it: with 500 markets it has 800,000 numbers.
    return report.text;
  }
}
