import { randomUUID } from 'node:crypto';
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { type AccountPayload, TOPICS } from '#lib/messages';
import { Documented, NeedsScope, ZodPipe } from '#lib/service';
import { includedAccountSchema } from '#lib/commitment';
import { AccountViews } from '../account-views.js';
import { CommandDesk } from '../command-desk.js';
import { LossShares } from '../loss-shares.js';
import { PricerService } from '../pricer.service.js';
import {
  accountAmount,
  accountClaim,
  accountName,
  accountRelease,
  accountReservation,
  accountOutcome,
  accountResponse,
  accountTakeovers,
  accountTransfer,
  accountWithdrawal,
  inclusionQuery,
  lossShareResponse,
  settlementNumber,
  simulateRequest,
  simulateResponse,
} from './schemas.js';

const ACCOUNT = new ZodPipe(accountName);
const PARAMETERS = { account: accountName };
/** Documents a command on an account: each answers with its outcome, and fails in the same ways. */
const DocumentedCommand = (summary: string, body: z.ZodType) =>
  Documented({
    ...{ params: PARAMETERS, summary, body, response: accountOutcome },
    ...{ status: 201, errors: [404, 409, 422, 503, 504] },
  });

@ApiTags('accounts')
@Controller('v1/accounts/:account')
export class AccountsController {
  constructor(
    @Inject(CommandDesk) private readonly commands: CommandDesk,
    @Inject(AccountViews) private readonly views: AccountViews,
    @Inject(PricerService) private readonly service: PricerService,
    @Inject(LossShares) private readonly losses: LossShares,
  ) {}

  @Get()
  @NeedsScope('trade', { actsFor: 'account' })
  @Documented({
    params: PARAMETERS,
    summary: 'Equity, margins, positions and liquidation prices of an account: cross and isolated',
    response: accountResponse,
    errors: [404],
  })
  account(@Param('account', ACCOUNT) account: string): object {
    return this.views.account(account);
  }

  @Get('inclusion')
  @NeedsScope('trade', { actsFor: 'account' })
  @Documented({
    params: PARAMETERS,
    query: inclusionQuery,
    summary:
      'Where an account stands in a book that was committed to: with it anybody checks that its holdings are in the sums',
    response: includedAccountSchema,
    errors: [404, 503],
  })
  inclusion(
    @Param('account', ACCOUNT) account: string,
    @Query(new ZodPipe(inclusionQuery)) { epoch }: z.output<typeof inclusionQuery>,
  ): Promise<object> {
    return this.service.inclusion(account, epoch === undefined ? undefined : Date.parse(epoch));
  }

  @Get('losses/:settlement')
  @NeedsScope('trade', { actsFor: 'account' })
  @Documented({
    params: { ...PARAMETERS, settlement: settlementNumber },
    summary:
      'An account’s share of a loss past the pool, with its Merkle path in the statement of all shares',
    response: lossShareResponse,
    errors: [404],
  })
  lossShare(
    @Param('account', ACCOUNT) account: string,
    @Param('settlement', new ZodPipe(settlementNumber)) settlement: number,
  ): Promise<object> {
    return this.losses.share(account, settlement);
  }

  @Post('simulate')
  @HttpCode(200)
  @NeedsScope('trade', { actsFor: 'account' })
  @Documented({
    params: PARAMETERS,
    summary:
      'What a trade, a deposit or other marks would make of an account’s cross margin; nothing is booked',
    body: simulateRequest,
    response: simulateResponse,
    errors: [404, 409, 422, 503],
  })
  simulate(
    @Param('account', ACCOUNT) account: string,
    @Body(new ZodPipe(simulateRequest)) request: z.output<typeof simulateRequest>,
  ): object {
    return this.views.simulate(account, request);
  }

  @Post('deposits')
  @HttpCode(201)
  @NeedsScope('treasury', { changesState: true, actsFor: 'account' })
  @DocumentedCommand('Credit collateral that has come in: the treasury’s to call', accountAmount)
  deposit(
    @Param('account', ACCOUNT) account: string,
    @Body(new ZodPipe(accountAmount)) { commandId = randomUUID(), amount }: z.output<typeof accountAmount>,
  ): Promise<object> {
    return this.submit({ kind: 'deposit', commandId, account, amount });
  }

  @Post('withdrawals')
  @HttpCode(201)
  @NeedsScope('trade', { changesState: true, actsFor: 'account', withdraws: true })
  @DocumentedCommand('Withdraw collateral that the initial margin does not need', accountWithdrawal)
  withdraw(
    @Param('account', ACCOUNT) account: string,
    @Body(new ZodPipe(accountWithdrawal))
    { commandId = randomUUID(), amount, acceptHaircut }: z.output<typeof accountWithdrawal>,
  ): Promise<object> {
    return this.submit({
      ...{ kind: 'withdrawal', commandId, account, amount },
      ...(acceptHaircut === undefined ? {} : { acceptHaircut }),
    });
  }

  @Post('transfers')
  @HttpCode(201)
  @NeedsScope('trade', { changesState: true, actsFor: 'account' })
  @DocumentedCommand('Move collateral between cross margin and an isolated position', accountTransfer)
  transfer(
    @Param('account', ACCOUNT) account: string,
    @Body(new ZodPipe(accountTransfer))
    { commandId = randomUUID(), market, amount }: z.output<typeof accountTransfer>,
  ): Promise<object> {
    return this.submit({ kind: 'transfer', commandId, account, market, amount });
  }

  @Post('reservations')
  @HttpCode(201)
  @NeedsScope('trade', { changesState: true, actsFor: 'account' })
  @DocumentedCommand('Reserve the margin that orders would need if they were filled', accountReservation)
  reserve(
    @Param('account', ACCOUNT) account: string,
    @Body(new ZodPipe(accountReservation))
    { commandId = randomUUID(), legs }: z.output<typeof accountReservation>,
  ): Promise<object> {
    return this.submit({ kind: 'reserve', commandId, account, legs });
  }

  @Post('claims')
  @HttpCode(201)
  @NeedsScope('trade', { changesState: true, actsFor: 'account' })
  @DocumentedCommand(
    'Be paid what has been set aside for the notes of an account whose gains were cut',
    accountClaim,
  )
  claim(
    @Param('account', ACCOUNT) account: string,
    @Body(new ZodPipe(accountClaim)) { commandId = randomUUID() }: z.output<typeof accountClaim>,
  ): Promise<object> {
    return this.submit({ kind: 'claim', commandId, account });
  }

  @Post('releases')
  @HttpCode(201)
  @NeedsScope('trade', { changesState: true, actsFor: 'account' })
  @DocumentedCommand('Release a reservation', accountRelease)
  release(
    @Param('account', ACCOUNT) account: string,
    @Body(new ZodPipe(accountRelease))
    { commandId = randomUUID(), reservationId }: z.output<typeof accountRelease>,
  ): Promise<object> {
    return this.submit({ kind: 'release', commandId, account, reservationId });
  }

  @Post('takeovers')
  @HttpCode(201)
  @NeedsScope('trade', { changesState: true, actsFor: 'account' })
  @DocumentedCommand(
    'Let the reports of liquidators pass positions to the account, up to a notional; replaces what it accepted before',
    accountTakeovers,
  )
  acceptTakeovers(
    @Param('account', ACCOUNT) account: string,
    @Body(new ZodPipe(accountTakeovers))
    { commandId = randomUUID(), notional, discount }: z.output<typeof accountTakeovers>,
  ): Promise<object> {
    return this.submit({
      ...{ kind: 'accept-takeovers', commandId, account, notional },
      ...(discount === undefined ? {} : { discount }),
    });
  }

  private async submit(command: AccountPayload): Promise<object> {
    const event = await this.commands.submit(TOPICS.accounts, command.account, command.commandId, command);
    return { ...event, at: new Date(event.at).toISOString() };
  }
}
