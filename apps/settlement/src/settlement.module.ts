import { type DynamicModule, Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { EventLog, LaneOwners } from '#lib/events';
import { createProver } from '#lib/proofs';
import type { SettlementConfig } from './settlement.config.js';
import { SettlementController } from './settlement.controller.js';
import { SettlementRepository } from './settlement.repository.js';
import { SETTLEMENT_LANE, type SettlementChain, SettlementService } from './settlement.service.js';
import { SettlementsController } from './settlements.controller.js';

@Module({})
export class SettlementModule {
  static register(config: SettlementConfig, chain: SettlementChain): DynamicModule {
    return {
      module: SettlementModule,
      controllers: [SettlementController, SettlementsController],
      providers: [
        {
          provide: SettlementRepository,
          inject: [DataSource],
          useFactory: (database: DataSource) => new SettlementRepository(database),
        },
        {
          provide: SettlementService,
          inject: [SettlementRepository, EventLog, LaneOwners],
          useFactory: (repository: SettlementRepository, log: EventLog, owners: LaneOwners) => {
            const service = new SettlementService(config, repository, log, chain, createProver());
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
