import { Controller, Get, Inject } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { formatMoney } from '#lib/amounts';
import { Documented, NeedsScope } from '#lib/service';
import { PricerService } from '../pricer.service.js';

const SHOWN = 20;

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
  counted: z.boolean().describe('whether all accounts are counted at the marks of the last bar'),
  scenarios: z
    .array(z.object({ scenario: z.string(), times: z.number(), deficit: z.number() }))
    .describe('what all accounts together could leave as a debt, the largest first'),
});

/** Cost of defaults by scenario, and the money set aside. */
@ApiTags('exchange')
@Controller('v1')
export class CreditController {
  constructor(@Inject(PricerService) private readonly pricer: PricerService) {}

  @Get('credit')
  @NeedsScope('quote')
  @Documented({
    summary: 'Debts that accounts could leave by scenario, the caps on them, and the credit reserve',
    response: creditResponse,
  })
  credit(): z.output<typeof creditResponse> {
    const { engine } = this.pricer;
    const { ledger, credit, board, marginCapital: capital } = engine;
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
      counted: credit.complete,
      scenarios: credit.worst(SHOWN),
    };
  }
}
