import { type DynamicModule, Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { LaneOwners } from '#lib/events';
import type { VaultChain } from './vault-chain.js';
import type { VaultConfig } from './vault.config.js';
import { VaultController } from './vault.controller.js';
import { VaultRepository } from './vault.repository.js';
import { VAULT_LANE, VaultService } from './vault.service.js';
import { VaultsController } from './vaults.controller.js';

@Module({})
export class VaultModule {
  static register(config: VaultConfig, chain: VaultChain): DynamicModule {
    return {
      module: VaultModule,
      controllers: [VaultController, VaultsController],
      providers: [
        {
          provide: VaultService,
          inject: [DataSource, LaneOwners],
          useFactory: async (database: DataSource, owners: LaneOwners) => {
            const service = new VaultService(config, new VaultRepository(database), chain);
            await service.load();
            owners.register(VAULT_LANE, service);
            return service;
          },
        },
      ],
      exports: [VaultService],
    };
  }
}
