import { type DynamicModule, Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { LaneOwners } from '#lib/events';
import type { HistorianConfig } from './historian.config.js';
import { HistorianController } from './historian.controller.js';
import { HistorianRepository } from './historian.repository.js';
import { HISTORIAN_LANE, HistorianService } from './historian.service.js';
import { HistoryController } from './history.controller.js';
import { HistoryReader } from './history-reader.js';

@Module({})
export class HistorianModule {
  static register(config: HistorianConfig): DynamicModule {
    return {
      module: HistorianModule,
      controllers: [HistorianController, HistoryController],
      providers: [
        {
          provide: HistoryReader,
          inject: [DataSource],
          useFactory: (database: DataSource) => new HistoryReader(database),
        },
        {
          provide: HistorianService,
          inject: [LaneOwners],
          useFactory: (owners: LaneOwners) => {
            const service = new HistorianService(config, new HistorianRepository());
            owners.register(HISTORIAN_LANE, service);
            return service;
          },
        },
      ],
      exports: [HistorianService],
    };
  }
}
