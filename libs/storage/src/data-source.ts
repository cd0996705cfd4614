import type { DataSourceOptions } from 'typeorm';
import { Initial1700000000000 } from '../../../migrations/1700000000000-initial.js';
import { Liquidation1700000001000 } from '../../../migrations/1700000001000-liquidation.js';
import { Settlement1700000002000 } from '../../../migrations/1700000002000-settlement.js';
import { Transport1700000003000 } from '../../../migrations/1700000003000-transport.js';
import { ENTITIES } from './entities/index.js';

/** Options of every DataSource of the engine: entities, migrations, nothing synchronised behind one's back. */
export function dataSourceOptions(url: string, poolSize = 10): DataSourceOptions {
  return {
    type: 'postgres',
    url,
    entities: ENTITIES,
    migrations: [
      Initial1700000000000,
      Liquidation1700000001000,
      Settlement1700000002000,
      Transport1700000003000,
    ],
    migrationsRun: true,
    synchronize: false,
    poolSize,
    applicationName: 'zkrisk',
  };
}
