import { randomUUID } from 'node:crypto';
import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { matchKey } from '#lib/exchange';
import { ForbiddenError } from '#lib/host';
import { matchPayload, TOPICS } from '#lib/messages';
import { CallerAccounts, Documented, NeedsScope, ZodPipe } from '#lib/service';
import { CommandDesk } from '../command-desk.js';

const matchRequest = matchPayload.extend({
  matchId: matchPayload.shape.matchId.optional().describe('makes a retry safe: the same id is booked once'),
});
const bookedMatch = z.object({
  matchId: z.string(),
  bookedAt: z.string().describe('market time'),
  accounts: z.array(
    z.object({
      account: z.string(),
      legs: z.array(z.object({ market: z.string(), size: z.string(), price: z.string() })),
      fee: z.string().describe('paid to the fee account; negative: a rebate'),
      riskPremium: z.string(),
      liquidityPremium: z.string(),
    }),
  ),
});

/** Trades of an order book: matched elsewhere, booked here at once or not at all. */
@ApiTags('matches')
@Controller('v1/matches')
export class MatchesController {
  constructor(@Inject(CommandDesk) private readonly commands: CommandDesk) {}

  @Post()
  @HttpCode(201)
  @NeedsScope('trade', { changesState: true })
  @Documented({
    summary: 'Book matched trades of several accounts, all of them or none',
    body: matchRequest,
    response: bookedMatch,
    status: 201,
    errors: [404, 409, 422, 503, 504],
  })
  async match(
    @Body(new ZodPipe(matchRequest)) { matchId = randomUUID(), ...match }: z.output<typeof matchRequest>,
    @CallerAccounts() accounts: ReadonlySet<string> | null,
  ): Promise<z.output<typeof bookedMatch>> {
    const named = [
      ...match.fills.flatMap(({ buyer, seller }) => [buyer, seller]),
      ...[...match.pool, ...match.releases].map(({ account }) => account),
      ...(match.by === undefined ? [] : [match.by]),
    ];
    const other = named.find((account) => accounts?.has(account) === false);
    if (other !== undefined)
      throw new ForbiddenError('the key may not act for an account of the match', { field: other });
    // Ids of a key that is bound are its account's: with the venue's it could use up those of matches that are to come.
    const by = match.by ?? (accounts === null ? undefined : (named.at(0) ?? [...accounts][0]));
    const payload = { matchId, ...match, ...(by === undefined ? {} : { by }) };
    const { owner } = matchKey(payload);
    const event = await this.commands.submit(TOPICS.matches, owner, matchId, payload);
    if (event.kind !== 'match-booked') throw new Error(`a match cannot have come to ${event.kind}`);
    return {
      matchId,
      bookedAt: new Date(event.at).toISOString(),
      accounts: event.accounts.map(({ account, legs, fee, riskPremium, liquidityPremium }) => ({
        ...{ account, legs: [...legs], fee, riskPremium, liquidityPremium },
      })),
    };
  }
}
