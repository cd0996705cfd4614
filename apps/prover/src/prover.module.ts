import { type DynamicModule, Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { EventLog, LaneOwners } from '#lib/events';
import { createProver } from '#lib/proofs';
import { ProofRunner } from './proof-runner.js';
import { ProofsController } from './proofs.controller.js';
import type { ProverConfig } from './prover.config.js';
import { ProverController } from './prover.controller.js';
import { ProverRepository } from './prover.repository.js';
import { PROVER_LANE, ProverService } from './prover.service.js';

@Module({})
export class ProverModule {
  static register(config: ProverConfig): DynamicModule {
    return {
      module: ProverModule,
      controllers: [ProverController, ProofsController],
      providers: [
        {
          provide: ProverRepository,
          inject: [DataSource],
          useFactory: (database: DataSource) => new ProverRepository(database),
        },
        {
          provide: ProofRunner,
          inject: [ProverRepository, EventLog],
          useFactory: async (repository: ProverRepository, log: EventLog) => {
            const { PROVER_BACKEND, PROVER_THREADS, PROVER_ATTEMPTS: attempts, ZKRISK_DATA_DIR } = config;
            // A native process takes all cores by itself.
            const threads = PROVER_BACKEND === 'native' ? 1 : PROVER_THREADS;
            const environment = { ...process.env, PROVER_BACKEND, ZKRISK_DATA_DIR };
            const prover = createProver({ threads }, environment);
            const runner = new ProofRunner(repository, log, prover, { threads, attempts });
            await runner.start();
            return runner;
          },
        },
        {
          provide: ProverService,
          inject: [ProverRepository, ProofRunner, LaneOwners],
          useFactory: async (repository: ProverRepository, runner: ProofRunner, owners: LaneOwners) => {
            const service = new ProverService(config, repository, runner);
            await service.restore();
            owners.register(PROVER_LANE, service);
            return service;
          },
        },
      ],
      exports: [ProverService, ProverRepository, ProofRunner],
    };
  }
}
