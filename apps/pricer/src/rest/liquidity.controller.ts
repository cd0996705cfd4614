import { randomUUID } from 'node:crypto';
import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { EmbeddedLog, type LiquidityPayload, outgoing, TOPICS } from '#lib/events';
import { ZodPipe } from '#lib/service';
import { CommandRejectedError, OutcomePendingError } from '../engine/errors.js';
import { PricerService } from '../pricer.service.js';
import { Documented } from './documented.js';
import { depositRequest, liquidityOutcome, withdrawalRequest } from './schemas.js';

const OUTCOME_TIMEOUT_MS = 10_000;

@ApiTags('liquidity')
@Controller('v1/liquidity')
export class LiquidityController {
  constructor(
    @Inject(PricerService) private readonly pricer: PricerService,
    @Inject(EmbeddedLog) private readonly log: EmbeddedLog,
  ) {}

  @Post('deposits')
  @HttpCode(201)
  @Documented({
    summary: 'Deposit liquidity for shares',
    body: depositRequest,
    response: liquidityOutcome,
    status: 201,
    errors: [422, 504],
  })
  async deposit(
    @Body(new ZodPipe(depositRequest)) request: z.output<typeof depositRequest>,
  ): Promise<object> {
    const { commandId = randomUUID(), provider, amount } = request;
    return this.submit({ kind: 'deposit', commandId, provider, amount });
  }

  @Post('withdrawals')
  @HttpCode(201)
  @Documented({
    summary: 'Withdraw liquidity: locked until the horizon for free, or forced now for a fee',
    body: withdrawalRequest,
    response: liquidityOutcome,
    status: 201,
    errors: [409, 422, 504],
  })
  async withdraw(
    @Body(new ZodPipe(withdrawalRequest)) request: z.output<typeof withdrawalRequest>,
  ): Promise<object> {
    const { commandId = randomUUID(), provider, amount, mode } = request;
    return this.submit({ kind: 'withdrawal', commandId, provider, amount, mode });
  }

  private async submit(command: LiquidityPayload): Promise<object> {
    const { commandId, provider } = command;
    const booked = this.pricer.outcome(commandId, OUTCOME_TIMEOUT_MS);
    const header = { id: commandId, sequence: 0, time: this.pricer.engine.board.now };
    await this.log.publish([outgoing(TOPICS.liquidity, provider, header, command)]);
    const event = await booked;
    if (event === undefined) throw new OutcomePendingError(commandId);
    if (event.kind === 'liquidity-rejected')
      throw new CommandRejectedError(event.code, event.reason, commandId);
    return { ...event, at: new Date(event.at).toISOString() };
  }
}
