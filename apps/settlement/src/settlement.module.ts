import { type DynamicModule, Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { EventLog, LaneOwners } from '#lib/events';
import type { SettlementConfig } from './settlement.config.js';
import { SettlementController } from './settlement.controller.js';
import { SettlementRepository } from './settlement.repository.js';
import { PriceReports } from './price-reports.js';
import { PriceReportsController } from './price-reports.controller.js';
import { SettlementCalls } from './settlement-calls.js';
import type { SettlementChain } from './settlement-chain.js';
import { SETTLEMENT_LANE, SettlementService } from './settlement.service.js';
import { SettlementsController } from './settlements.controller.js';

@Module({})
export class SettlementModule {
  static register(config: SettlementConfig, chain: SettlementChain): DynamicModule {
    return {
      module: SettlementModule,
      controllers: [SettlementController, SettlementsController, PriceReportsController],
      providers: [
        {
          provide: SettlementRepository,
          inject: [DataSource],
          useFactory: (database: DataSource) => new SettlementRepository(database),
        },
        {
          provide: PriceReports,
          inject: [SettlementRepository],
          useFactory: (repository: SettlementRepository) => new PriceReports(chain, repository),
        },
        {
          provide: SettlementCalls,
          inject: [SettlementRepository],
          useFactory: (repository: SettlementRepository) =>
            new SettlementCalls(chain, repository, config.FIRST_PARAMETERS.parameters),
        },
        {
          provide: SettlementService,
          inject: [SettlementRepository, SettlementCalls, EventLog, LaneOwners],
          useFactory: (
            repository: SettlementRepository,
            calls: SettlementCalls,
            log: EventLog,
            owners: LaneOwners,
          ) => {
            const service = new SettlementService(config, repository, log, chain, calls);
            // Who has the lane sends.
            owners.register(SETTLEMENT_LANE, service);
            return service;
          },
        },
      ],
      exports: [SettlementService, SettlementRepository],
    };
  }
}
