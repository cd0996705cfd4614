import { Controller, Get, Inject } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { formatDecimal, UNIT_DECIMALS } from '#lib/amounts';
import { Documented, Public } from '#lib/service';
import { VaultService } from './vault.service.js';

@ApiTags('vault')
@Controller('v1/vault')
export class VaultsController {
  constructor(@Inject(VaultService) private readonly service: VaultService) {}

  @Get()
  @Public()
  @Documented({
    summary: 'What the vault holds on the chain, and what of it the exchange counts as liquidity',
    response: z.looseObject({
      reading: z.looseObject({}).nullable(),
      valuation: z.looseObject({}).nullable(),
    }),
  })
  vault(): object {
    const { reading, valuation } = this.service;
    return {
      reading: reading === undefined ? null : this.readingOf(reading),
      valuation:
        valuation === undefined
          ? null
          : {
              ...valuation.payload,
              at: new Date(valuation.at).toISOString(),
              volatility: valuation.volatility,
            },
    };
  }

  private readingOf({ holdings, readAt }: NonNullable<VaultService['reading']>): object {
    const shares = (amount: bigint) => formatDecimal(amount, UNIT_DECIMALS);
    return {
      readAt: new Date(readAt).toISOString(),
      block: holdings.block,
      counted: shares(holdings.counted),
      held: shares(holdings.held),
      poolSupply: shares(holdings.supply),
      settled: shares(holdings.settled),
      tokens: holdings.tokens.map(({ market, balance, weight }) => ({
        market,
        balance: shares(balance),
        weight: shares(weight),
        price: this.service.priceOf(market) ?? null,
        stale: this.service.isStale(market),
      })),
    };
  }
}
