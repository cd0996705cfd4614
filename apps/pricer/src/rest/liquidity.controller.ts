import { randomUUID } from 'node:crypto';
import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { type LiquidityPayload, TOPICS } from '#lib/events';
import { Documented, NeedsScope, ZodPipe } from '#lib/service';
import { CommandDesk } from '../command-desk.js';
import { depositRequest, liquidityOutcome, withdrawalRequest } from './schemas.js';

@ApiTags('liquidity')
@Controller('v1/liquidity')
export class LiquidityController {
  constructor(@Inject(CommandDesk) private readonly commands: CommandDesk) {}

  @Post('deposits')
  @HttpCode(201)
  @NeedsScope('liquidity', { changesState: true })
  @Documented({
    summary: 'Deposit liquidity for shares',
    body: depositRequest,
    response: liquidityOutcome,
    status: 201,
    errors: [409, 422, 503, 504],
  })
  async deposit(
    @Body(new ZodPipe(depositRequest)) request: z.output<typeof depositRequest>,
  ): Promise<object> {
    const { commandId = randomUUID(), provider, amount } = request;
    return this.submit({ kind: 'deposit', commandId, provider, amount });
  }

  @Post('withdrawals')
  @HttpCode(201)
  @NeedsScope('liquidity', { changesState: true })
  @Documented({
    summary: 'Withdraw liquidity: locked until the horizon for free, or forced now for a fee',
    body: withdrawalRequest,
    response: liquidityOutcome,
    status: 201,
    errors: [409, 422, 503, 504],
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
