import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { EventsModule } from '#lib/events';
import { ProblemFilter } from '#lib/service';
import { dataSourceOptions } from '#lib/storage';
import { forecasterConfig, ForecasterModule } from '../../forecaster/src/index.js';
import { liquidatorConfig, LiquidatorModule } from '../../liquidator/src/index.js';
import { pricerConfig, PricerModule } from '../../pricer/src/index.js';
import { OperationsController } from './operations/operations.controller.js';
import { EngineMetrics } from './operations/engine-metrics.js';

/** Every service in one process. */
@Module({})
export class AppModule {
  static register(databaseUrl: string, environment: NodeJS.ProcessEnv, house: boolean): DynamicModule {
    return {
      module: AppModule,
      imports: [
        TypeOrmModule.forRoot({ ...dataSourceOptions(databaseUrl), retryAttempts: 3, retryDelay: 500 }),
        EventsModule,
        ForecasterModule.register(forecasterConfig(environment)),
        PricerModule.register(pricerConfig(environment)),
        LiquidatorModule.register(liquidatorConfig(environment), house),
      ],
      controllers: [OperationsController],
      providers: [EngineMetrics, { provide: APP_FILTER, useClass: ProblemFilter }],
    };
  }
}
