import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { EventsModule, kafkaEnvironment } from '#lib/events';
import { ProblemFilter, readConfig } from '#lib/service';
import { dataSourceOptions } from '#lib/storage';
import { forecasterConfig, ForecasterModule } from '../../forecaster/src/index.js';
import { liquidatorConfig, LiquidatorModule } from '../../liquidator/src/index.js';
import { pricerConfig, PricerModule } from '../../pricer/src/index.js';
import { proverConfig, ProverModule } from '../../prover/src/index.js';
import { type OpenedChain, settlementConfig, SettlementModule } from '../../settlement/src/index.js';
import { OperationsController } from './operations/operations.controller.js';
import { EngineMetrics } from './operations/engine-metrics.js';

/** Every service in one process. */
@Module({})
export class AppModule {
  /**
   * @param house whether the exchange's own liquidator executes plans
   * @param chain what is settled on; without one nothing is
   */
  static register(
    databaseUrl: string,
    environment: NodeJS.ProcessEnv,
    house: boolean,
    chain: OpenedChain | undefined,
  ): DynamicModule {
    const prover = proverConfig(environment);
    return {
      module: AppModule,
      imports: [
        TypeOrmModule.forRoot({ ...dataSourceOptions(databaseUrl), retryAttempts: 3, retryDelay: 500 }),
        EventsModule.register(readConfig(kafkaEnvironment, environment), 'zkrisk'),
        ForecasterModule.register(forecasterConfig(environment)),
        PricerModule.register(pricerConfig(environment)),
        LiquidatorModule.register(liquidatorConfig(environment), house),
        ...(prover.PROVER === 'on' ? [ProverModule.register(prover)] : []),
        ...(chain === undefined ? [] : [SettlementModule.register(settlementConfig(environment), chain)]),
      ],
      controllers: [OperationsController],
      providers: [EngineMetrics, { provide: APP_FILTER, useClass: ProblemFilter }],
    };
  }
}
