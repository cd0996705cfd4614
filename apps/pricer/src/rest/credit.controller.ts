import { Controller, Get, Inject } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { formatMoney } from '#lib/amounts';
import { Documented, NeedsScope } from '#lib/service';
import { PricerService } from '../pricer.service.js';
import { StressDesk } from '../stress-desk.js';

const creditResponse = z.object({
  marketTime: z.string(),
  capital: z.number().describe('K: capital that caps are measured against'),
  caps: z.object({
    account: z.number().nullable().describe('δK: worst deficit of one account; null: no cap'),
    pool: z.number().nullable().describe('βK: deficits of all accounts in one scenario; null: no cap'),
  }),
  reserve: z
    .string()
    .describe('what accounts have paid for their default option, less what defaults have taken'),
  charged: z.string().describe('paid by accounts since the beginning'),
  defaults: z.string().describe('losses of bankrupt accounts since the beginning'),
  countedAt: z
    .string()
    .nullable()
    .describe('market time at whose marks all accounts are counted in the scenarios; null before a forecast'),
  scenarios: z
    .array(z.object({ scenario: z.string(), times: z.number(), deficit: z.number() }))
    .describe('what all accounts together could leave as a debt, the largest first'),
});

/** Cost of defaults by scenario, and the money set aside. */
@ApiTags('exchange')
@Controller('v1')
export class CreditController {
  constructor(
    @Inject(PricerService) private readonly pricer: PricerService,
    @Inject(StressDesk) private readonly desk: StressDesk,
  ) {}

  @Get('credit')
  @NeedsScope('quote')
  @Documented({
    summary: 'Debts that accounts could leave by scenario, the caps on them, and the credit reserve',
    response: creditResponse,
  })
  async credit(): Promise<z.output<typeof creditResponse>> {
    // Counting all accounts here would hold whoever decides trades, once a bar.
    const report = await this.desk.latest();
    const { engine } = this.pricer;
    const { ledger, board, marginCapital: capital } = engine;
    const { accountShare, poolShare } = engine.parameters.rules.parameters.credit;
    return {
      marketTime: new Date(board.now).toISOString(),
      capital,
      caps: {
        account: accountShare === null ? null : accountShare * capital,
        pool: poolShare === null ? null : poolShare * capital,
      },
      reserve: formatMoney(ledger.creditReserve),
      charged: formatMoney(ledger.totals.creditCharges),
      defaults: formatMoney(ledger.totals.bankruptcies),
      countedAt: report && new Date(report.at).toISOString(),
      scenarios: [...(report?.credit ?? [])],
    };
  }
}
