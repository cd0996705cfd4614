import { randomUUID } from 'node:crypto';
import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { type LiquidityPayload, TOPICS } from '#lib/messages';
import { formatDecimal, UNIT_DECIMALS, formatMoney } from '#lib/amounts';
import { UnknownAccountError } from '#lib/exchange';
import { Documented, NeedsScope, ZodPipe } from '#lib/service';
import { CommandDesk } from '../command-desk.js';
import { PricerService } from '../pricer.service.js';
import {
  accountName,
  depositRequest,
  liquidityOutcome,
  providerResponse,
  withdrawalRequest,
} from './schemas.js';

@ApiTags('liquidity')
@Controller('v1/liquidity')
export class LiquidityController {
  constructor(
    @Inject(CommandDesk) private readonly commands: CommandDesk,
    @Inject(PricerService) private readonly pricer: PricerService,
  ) {}

  @Get('providers/:provider')
  @NeedsScope('liquidity', { actsFor: 'provider' })
  @Documented({
    params: { provider: accountName },
    summary: 'What a provider holds; where a vault backs it, what the vault and the exchange owe each other',
    response: providerResponse,
    errors: [404, 422],
  })
  provider(@Param('provider', new ZodPipe(accountName)) provider: string): z.output<typeof providerResponse> {
    const { shares, board, ledger } = this.pricer.engine;
    const position = shares.positionOf(provider);
    const { backing } = position;
    if (position.shares === 0n && backing === undefined) throw new UnknownAccountError(provider);
    return {
      provider,
      marketTime: board.nowIso,
      shares: formatMoney(position.shares),
      worth: formatMoney(position.worth),
      locked: [...ledger.lockedWithdrawals()]
        .filter((withdrawal) => withdrawal.provider === provider)
        .map(({ shares: locked, releaseAt }) => ({
          shares: formatMoney(locked),
          releaseAt: new Date(releaseAt).toISOString(),
        })),
      backing:
        backing === undefined
          ? null
          : {
              amount: formatMoney(backing.amount),
              lost: formatMoney(position.lost),
              settled: formatDecimal(backing.settled, UNIT_DECIMALS),
              valuedAt: new Date(backing.valuedAt).toISOString(),
            },
    };
  }

  @Post('deposits')
  @HttpCode(201)
  @NeedsScope('treasury', { changesState: true, actsFor: 'provider' })
  @Documented({
    summary: 'Credit liquidity that has come in, for shares: the treasury’s to call',
    body: depositRequest,
    response: liquidityOutcome,
    status: 201,
    links: { LiquidityController_provider: { provider: '$response.body#/provider' } },
    errors: [404, 409, 422, 503, 504],
  })
  async deposit(
    @Body(new ZodPipe(depositRequest)) request: z.output<typeof depositRequest>,
  ): Promise<object> {
    const { commandId = randomUUID(), provider, amount } = request;
    return this.submit({ kind: 'deposit', commandId, provider, amount });
  }

  @Post('withdrawals')
  @HttpCode(201)
  @NeedsScope('liquidity', { changesState: true, actsFor: 'provider', withdraws: true })
  @Documented({
    summary: 'Withdraw liquidity: locked until the horizon for free, or forced now for a fee',
    body: withdrawalRequest,
    response: liquidityOutcome,
    status: 201,
    errors: [404, 409, 422, 503, 504],
  })
  async withdraw(
    @Body(new ZodPipe(withdrawalRequest)) request: z.output<typeof withdrawalRequest>,
  ): Promise<object> {
    const { commandId = randomUUID(), provider, amount, mode } = request;
    return this.submit({ kind: 'withdrawal', commandId, provider, amount, mode });
  }

  private async submit(command: LiquidityPayload): Promise<object> {
    const event = await this.commands.submit(TOPICS.liquidity, command.provider, command.commandId, command);
    return { ...event, at: new Date(event.at).toISOString() };
  }
}
