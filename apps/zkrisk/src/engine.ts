import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { type Host, startHost } from '#lib/host';
import { readConfig } from '#lib/service';
import { startEmbeddedPostgres } from '#lib/storage';
import { forecaster, ForecasterService } from '../../forecaster/src/index.js';
import { historian } from '../../historian/src/index.js';
import { liquidator, LiquidatorService } from '../../liquidator/src/index.js';
import { pricer, PricerService } from '../../pricer/src/index.js';
import { prover, proverConfig } from '../../prover/src/index.js';
import { settlement, settlementConfig, SettlementService } from '../../settlement/src/index.js';
import { vault, vaultConfig } from '../../vault/src/index.js';

export const engineEnvironment = z.object({
  DATABASE_URL: z.string().optional().describe('a PostgreSQL server to use instead of the embedded one'),
  ZKRISK_DATA_DIR: z.string().default('.zkrisk').describe('where the embedded database keeps its files'),
  COMMITS_WAIT: z
    .enum(['on', 'off'])
    .default('on')
    .describe(
      'whether commits of the embedded database wait for the disk; off for a replay that settles on no chain: a power failure may then take the last half second of commits, the newest first, and the replay goes on from there',
    ),
});

/** A running engine: every service in one process. */
export interface Engine extends Host {
  readonly pricer: PricerService;
  readonly forecaster: ForecasterService;
  readonly liquidator: LiquidatorService;
  /** where SETTLEMENT is on */
  readonly settlement: SettlementService | undefined;
}

/**
 * Starts every service in this process, on the embedded database unless DATABASE_URL names another.
 *
 * @param configure may add routes of its own to the server before it listens
 */
export async function startEngine(
  environment: NodeJS.ProcessEnv,
  configure: (fastify: FastifyInstance) => void = () => undefined,
): Promise<Engine> {
  const config = readConfig(engineEnvironment, environment);
  // Those who seal and those who check are in this process: nobody else has to know their secrets.
  const secret = () => randomBytes(32).toString('base64url');
  const VALUATION_SECRET = environment.VALUATION_SECRET ?? secret();
  const MARKET_ORDER_SECRET = environment.MARKET_ORDER_SECRET ?? secret();
  const settling = settlementConfig(environment).SETTLEMENT === 'on';
  const services = [
    ...[forecaster, pricer, liquidator, historian],
    ...(proverConfig(environment).PROVER === 'on' ? [prover] : []),
    ...(settling ? [settlement] : []),
    // After the settlement: where both are on the embedded chain, that one has started it.
    ...(vaultConfig(environment).VAULT === 'on' ? [vault] : []),
  ];
  const postgres =
    config.DATABASE_URL === undefined
      ? await startEmbeddedPostgres(
          join(config.ZKRISK_DATA_DIR, 'postgres'),
          config.COMMITS_WAIT === 'off' ? { synchronous_commit: 'off' } : {},
        )
      : undefined;
  try {
    const DATABASE_URL = postgres?.url ?? config.DATABASE_URL;
    const host = await startHost(
      'zkrisk',
      services,
      {
        ...{ DATABASE_PREPARED: postgres === undefined ? 'off' : 'on', ...environment },
        ...{ DATABASE_URL, VALUATION_SECRET, MARKET_ORDER_SECRET },
      },
      configure,
    );
    const { app } = host;
    return {
      ...host,
      pricer: app.get(PricerService),
      forecaster: app.get(ForecasterService),
      liquidator: app.get(LiquidatorService),
      settlement: settling ? app.get(SettlementService) : undefined,
      stop: async () => {
        await host.stop();
        await postgres?.stop();
      },
    };
  } catch (error) {
    await postgres?.stop();
    throw error;
  }
}
