import { Controller, Get, Header, Inject, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { fields } from '#lib/messages';
import { Documented, NeedsScope, ZodPipe } from '#lib/service';
import { HistoryReader } from './history-reader.js';
import { SERIES, type SeriesName } from './history-series.js';

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

const time = z
  .string()
  .max(40)
  .transform((text, context) => {
    const at = /^\d+$/.test(text) ? Number(text) : Date.parse(text);
    if (Number.isFinite(at) && at >= Date.UTC(2000, 0, 1) && at <= Date.UTC(2100, 0, 1)) return at;
    context.addIssue({
      code: 'custom',
      message: 'must be ISO 8601 or milliseconds since the epoch, from 2000 to 2100',
    });
    return z.NEVER;
  });
const step = z
  .string()
  .regex(/^[1-9]\d{0,8}(ms|s|m|h|d)?$/, 'must be a length of time such as 60000, 5m, 1h or 1d')
  .transform((text) => {
    const [, size, unit = 'ms'] = /^(\d+)([a-z]*)$/.exec(text)!;
    return Number(size) * UNITS[(unit === '' ? 'ms' : unit) as keyof typeof UNITS];
  });

const range = {
  from: time.describe('ISO 8601 or milliseconds since the epoch; in the range'),
  to: time.describe('ISO 8601 or milliseconds since the epoch; not in the range'),
  step: step.optional().describe('60000, 5m, 1h, 1d: a multiple of a minute; default 1h'),
};
const seriesQuery = z.strictObject({ ...range, market: fields.market.optional() });
const accountQuery = z.strictObject(range);
const seriesName = z.enum(Object.keys(SERIES) as [SeriesName, ...SeriesName[]]);
const answer = z.object({
  series: z.string(),
  from: z.number(),
  to: z.number(),
  step: z.number(),
  columns: z.array(z.string()).describe('`at` is the beginning of the step, milliseconds since the epoch'),
  rows: z.array(z.array(z.unknown())),
});
const HOUR_MS = 3_600_000;

/** History. A step has the last value in it, of funding and premia their sum; steps in which nothing happened have no row. */
@ApiTags('history')
@Controller('v1/history')
export class HistoryController {
  constructor(@Inject(HistoryReader) private readonly reader: HistoryReader) {}

  @Get(':series')
  @NeedsScope('quote')
  @Header('content-type', 'application/json; charset=utf-8')
  @Documented({
    summary:
      'Marks, funding, risk, premia, flows of money, LP shares or liquidations over time, a row a step and market',
    params: { series: seriesName },
    query: seriesQuery,
    response: answer,
    errors: [422, 429],
  })
  series(
    @Param('series', new ZodPipe(seriesName)) name: SeriesName,
    @Query(new ZodPipe(seriesQuery)) { from, to, step = HOUR_MS, market }: z.output<typeof seriesQuery>,
  ): Promise<string> {
    return this.reader.read(name, { from, to, step }, market);
  }

  @Get('accounts/:account')
  @NeedsScope('trade', { actsFor: 'account' })
  @Header('content-type', 'application/json; charset=utf-8')
  @Documented({
    summary: 'Cash and positions of an account over time: after each change, or the last of each step',
    params: { account: fields.account },
    query: accountQuery,
    response: answer,
    errors: [422, 429],
  })
  account(
    @Param('account', new ZodPipe(fields.account)) account: string,
    @Query(new ZodPipe(accountQuery)) { from, to, step }: z.output<typeof accountQuery>,
  ): Promise<string> {
    return this.reader.account(account, { from, to, step: step ?? 0, every: step === undefined });
  }

  @Get('accounts/:account/charges')
  @NeedsScope('trade', { actsFor: 'account' })
  @Header('content-type', 'application/json; charset=utf-8')
  @Documented({
    summary: 'Premia, penalties, fees, charges for default and funding of an account over time, by step',
    params: { account: fields.account },
    query: accountQuery,
    response: answer,
    errors: [422, 429],
  })
  charges(
    @Param('account', new ZodPipe(fields.account)) account: string,
    @Query(new ZodPipe(accountQuery)) { from, to, step = HOUR_MS }: z.output<typeof accountQuery>,
  ): Promise<string> {
    return this.reader.charges(account, { from, to, step });
  }
}
