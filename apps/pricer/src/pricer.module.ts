import { randomBytes } from 'node:crypto';
import { type DynamicModule, Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { EventLog, LaneOwners } from '#lib/events';
import { vestingOf } from '#lib/exchange';
import { addressOf } from '#lib/storage';
import { AccountViews } from './account-views.js';
import { BookCommitments } from './book/book-commitments.js';
import { TradeJournals } from './book/trade-journals.js';
import { CommandDesk } from './command-desk.js';
import { LedgerSnapshots } from './ledger-snapshots.js';
import { LossShares } from './loss-shares.js';
import { PRICER_CONFIG, type PricerConfig } from './pricer.config.js';
import { PricerController } from './pricer.controller.js';
import { PricerRepository } from './pricer.repository.js';
import { PRICER_LANE, PricerService } from './pricer.service.js';
import { QuoteDesk } from './quote-desk.js';
import { QuoteSeal } from './quote-seal.js';
import { QuoteStore } from './quote-store.js';
import { QuotesResponder } from './quotes.responder.js';
import { AccountsController } from './rest/accounts.controller.js';
import { CreditController } from './rest/credit.controller.js';
import { ExchangeController } from './rest/exchange.controller.js';
import { LiquidityController } from './rest/liquidity.controller.js';
import { MarketOrdersController } from './rest/market-orders.controller.js';
import { MatchesController } from './rest/matches.controller.js';
import { ParametersController } from './rest/parameters.controller.js';
import { QuotesController } from './rest/quotes.controller.js';
import { ReceiptsController } from './rest/receipts.controller.js';
import { StressController } from './rest/stress.controller.js';
import { StressDesk } from './stress-desk.js';

/** Bytes of leaves and nodes of earlier books: with eight markets, changes of a thousand accounts a bar are kept for more than a hundred bars. */
const KEPT_OF_BOOKS = 512 << 20;

@Module({})
export class PricerModule {
  static register(config: PricerConfig): DynamicModule {
    const seal = new QuoteSeal(config.QUOTE_SECRET ?? randomBytes(32).toString('base64url'));
    return {
      module: PricerModule,
      controllers: [
        PricerController,
        QuotesResponder,
        QuotesController,
        LiquidityController,
        AccountsController,
        ExchangeController,
        MarketOrdersController,
        ParametersController,
        MatchesController,
        CreditController,
        StressController,
        ReceiptsController,
      ],
      providers: [
        { provide: PRICER_CONFIG, useValue: config },
        {
          provide: CommandDesk,
          inject: [PricerService, EventLog],
          useFactory: (service: PricerService, log: EventLog) => new CommandDesk(service, log),
        },
        {
          provide: QuoteDesk,
          inject: [PricerService],
          useFactory: (service: PricerService) =>
            new QuoteDesk(
              () => {
                service.requireFresh();
                return service.engine;
              },
              new QuoteStore(config.QUOTE_TTL_MS),
              config,
              seal,
            ),
        },
        {
          provide: StressDesk,
          inject: [PricerService],
          useFactory: (service: PricerService) => new StressDesk(() => service.engine),
        },
        {
          provide: AccountViews,
          inject: [PricerService],
          useFactory: (service: PricerService) => new AccountViews(() => service.engine),
        },
        {
          provide: LossShares,
          inject: [PricerService, PricerRepository],
          useFactory: (service: PricerService, repository: PricerRepository) =>
            new LossShares(
              () => service.engine,
              (sequence, account) => repository.settlement(sequence, account),
            ),
        },
        {
          provide: PricerRepository,
          inject: [DataSource],
          useFactory: (database: DataSource) => new PricerRepository(database),
        },
        {
          provide: LedgerSnapshots,
          inject: [DataSource],
          useFactory: (database: DataSource) =>
            new LedgerSnapshots(
              { address: addressOf(database), vesting: vestingOf(config.FIRST_PARAMETERS) },
              config.SNAPSHOT_EVERY_EVENTS,
            ),
        },
        {
          provide: PricerService,
          inject: [DataSource, PricerRepository, LedgerSnapshots, LaneOwners],
          useFactory: async (
            database: DataSource,
            repository: PricerRepository,
            snapshots: LedgerSnapshots,
            owners: LaneOwners,
          ) => {
            const secret = config.BOOK_SALT_SECRET ?? randomBytes(32).toString('base64url');
            const commitments = new BookCommitments({ secret, kept: KEPT_OF_BOOKS });
            const journals = new TradeJournals(database, commitments, secret);
            const service = new PricerService(config, repository, snapshots, commitments, journals, seal);
            await service.follow();
            owners.register(PRICER_LANE, service);
            return service;
          },
        },
      ],
      exports: [PricerService, PricerRepository, QuoteDesk],
    };
  }
}
