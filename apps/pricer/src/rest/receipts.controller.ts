import { Controller, Get, Inject, Param } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { tradeReceiptSchema } from '#lib/commitment';
import { TOPICS } from '#lib/messages';
import { CallerAccounts, Documented, NeedsScope, ZodPipe } from '#lib/service';
import { NoReceiptError } from '../book/trade-journals.js';
import { CommandDesk } from '../command-desk.js';
import { PricerService } from '../pricer.service.js';

const tradeId = z.string().regex(/^[\w.:@+~-]{1,200}$/, 'must be the id of a trade, of a plan or of a match');
const barEnd = z.iso.datetime().describe('end of the journal’s bar');
const index = z.coerce.number().int().min(0);
/** Trades of accounts, liquidations of their plans, matches. */
const SOURCES = [TOPICS.trades, TOPICS.liquidationTrades, TOPICS.matches];

/** Entries of the epochs' journals: with its entry a premium is checked, and challenged. */
@ApiTags('receipts')
@Controller('v1')
export class ReceiptsController {
  constructor(
    @Inject(PricerService) private readonly service: PricerService,
    @Inject(CommandDesk) private readonly commands: CommandDesk,
  ) {}

  @Get('trades/:tradeId/receipt')
  @NeedsScope('trade')
  @Documented({
    params: { tradeId },
    summary:
      'The receipt of a trade: its entry in the journal of its epoch, to be kept; `zkrisk check-receipt` holds it against a chain',
    response: tradeReceiptSchema,
    errors: [404, 409, 422, 429],
  })
  async receipt(
    @Param('tradeId', new ZodPipe(tradeId)) id: string,
    @CallerAccounts() accounts: ReadonlySet<string> | null,
  ): Promise<object> {
    for (const topic of SOURCES) {
      const event = await this.commands.knownTrade(id, accounts, topic);
      if (event !== undefined) return this.service.receipt(id, event);
    }
    throw new NoReceiptError(id);
  }

  @Get('journals/:barEnd/entries/:index')
  @NeedsScope('quote')
  @Documented({
    params: { barEnd, index },
    summary: 'An entry of an epoch’s journal without its event, as a challenge is answered with',
    response: tradeReceiptSchema,
    errors: [404, 422, 429],
  })
  entry(
    @Param('barEnd', new ZodPipe(barEnd)) end: string,
    @Param('index', new ZodPipe(index)) place: number,
  ): Promise<object> {
    return this.service.journalEntry(Date.parse(end), place);
  }

  @Get('journals/:barEnd/entries/:index/opening')
  @NeedsScope('admin')
  @Documented({
    params: { barEnd, index },
    summary:
      'An entry of an epoch’s journal with its event, whoever’s it is: an entry that moves the book without the model’s premium is answered for with it',
    response: tradeReceiptSchema,
    errors: [404, 422, 503],
  })
  opening(
    @Param('barEnd', new ZodPipe(barEnd)) end: string,
    @Param('index', new ZodPipe(index)) place: number,
  ): Promise<object> {
    return this.service.journalOpening(Date.parse(end), place);
  }
}
