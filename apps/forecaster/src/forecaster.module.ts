import { type DynamicModule, Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { LaneOwners } from '#lib/events';
import { ForecasterController } from './forecaster.controller.js';
import type { ForecasterConfig } from './forecaster.config.js';
import { ForecasterRepository } from './forecaster.repository.js';
import { FORECASTER_LANE, ForecasterService } from './forecaster.service.js';
import { ForecastsController } from './forecasts.controller.js';

@Module({})
export class ForecasterModule {
  static register(config: ForecasterConfig): DynamicModule {
    return {
      module: ForecasterModule,
      controllers: [ForecasterController, ForecastsController],
      providers: [
        {
          provide: ForecasterService,
          inject: [DataSource, LaneOwners],
          useFactory: async (database: DataSource, owners: LaneOwners) => {
            const service = new ForecasterService(config, new ForecasterRepository(database));
            await service.restore();
            owners.register(FORECASTER_LANE, service);
            return service;
          },
        },
      ],
      exports: [ForecasterService],
    };
  }
}
