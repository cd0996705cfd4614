import { type DynamicModule, Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { LaneOwners } from '#lib/events';
import { HouseLiquidator } from './house-liquidator.js';
import { HouseLiquidatorController } from './house-liquidator.controller.js';
import type { LiquidatorConfig } from './liquidator.config.js';
import { LiquidatorController } from './liquidator.controller.js';
import { LiquidatorRepository } from './liquidator.repository.js';
import { LIQUIDATOR_LANE, LiquidatorService } from './liquidator.service.js';
import { PlanSolver } from './plan-solver.js';
import { LiquidationsController } from './rest/liquidations.controller.js';

@Module({})
export class LiquidatorModule {
  static register(config: LiquidatorConfig): DynamicModule {
    return {
      module: LiquidatorModule,
      controllers: [
        LiquidatorController,
        LiquidationsController,
        ...(config.HOUSE_LIQUIDATOR === 'on' ? [HouseLiquidatorController] : []),
      ],
      providers: [
        {
          provide: LiquidatorRepository,
          inject: [DataSource],
          useFactory: (database: DataSource) => new LiquidatorRepository(database),
        },
        {
          provide: HouseLiquidator,
          inject: [LiquidatorRepository],
          useFactory: (repository: LiquidatorRepository) => new HouseLiquidator(repository),
        },
        {
          provide: LiquidatorService,
          inject: [LiquidatorRepository, LaneOwners],
          useFactory: (repository: LiquidatorRepository, owners: LaneOwners) => {
            const service = new LiquidatorService(config, repository, new PlanSolver(config.SOLVER_THREADS));
            owners.register(LIQUIDATOR_LANE, service);
            return service;
          },
        },
      ],
      exports: [LiquidatorService, LiquidatorRepository, HouseLiquidator],
    };
  }
}
