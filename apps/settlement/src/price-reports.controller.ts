import { Body, Controller, Get, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Hex } from 'viem';
import { z } from 'zod';
import { Documented, Public, ZodPipe } from '#lib/service';
import { PriceReports } from './price-reports.js';

const MOST_MARKETS = 256;

const reportBody = z.strictObject({
  bar: z
    .int()
    .min(0)
    .max(2 ** 40)
    .describe('end of the bar, seconds since 1970'),
  markets: z.array(z.string().min(1).max(32)).min(1).max(MOST_MARKETS),
  prices: z
    .array(z.string().regex(/^\d{1,40}(\.\d{1,18})?$/, 'must be a decimal'))
    .min(1)
    .max(MOST_MARKETS),
  signature: z
    .string()
    .regex(/^0x[0-9a-fA-F]{130}$/, 'must be a signature of 65 bytes in hex')
    .describe('EIP-712 of the report, by one of the price source’s reporters'),
});

/** Prices of bars, signed by reporters. A signature says who reports; no key is needed. */
@ApiTags('settlements')
@Controller('v1/price-reports')
export class PriceReportsController {
  constructor(@Inject(PriceReports) private readonly reports: PriceReports) {}

  @Get()
  @Public()
  @Documented({
    summary: 'Bars whose prices wait for reporters, with the engine’s own prices',
    response: z.looseObject({ bars: z.array(z.looseObject({ bar: z.int() })) }),
    errors: [],
  })
  async list(): Promise<object> {
    const bars = await this.reports.awaited();
    return { bars: bars.map(({ bar, prices }) => ({ bar: Number(bar), prices })) };
  }

  @Post()
  @HttpCode(202)
  @Public()
  @Documented({
    summary: 'A reporter’s prices of a bar, signed; `zkrisk report-prices` makes them',
    body: reportBody,
    response: z.strictObject({ reporter: z.string() }),
    status: 202,
    errors: [403, 404, 422],
  })
  async take(@Body(new ZodPipe(reportBody)) report: z.output<typeof reportBody>): Promise<object> {
    return { reporter: await this.reports.take({ ...report, signature: report.signature as Hex }) };
  }
}
