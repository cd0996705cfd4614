import { z } from 'zod';
import { firstParameters, positiveInteger, positiveNumber, readConfig } from '#lib/service';

export const settlementEnvironment = z.object({
  SETTLEMENT: z.enum(['on', 'off']).default('off').describe('whether epochs are settled on a chain'),
  CHAIN_RPC_URL: z.string().optional().describe('a node to use instead of the embedded chain'),
  CHAIN_DEPLOYMENT: z
    .string()
    .optional()
    .describe(
      'file with the contracts’ addresses; zkrisk deploy writes it. Default: deployment.json in ZKRISK_DATA_DIR',
    ),
  CHAIN_CONFIRMATIONS: z.coerce
    .number()
    .int()
    .min(0)
    .default(3)
    .describe('blocks on top of a transaction’s before it is final'),
  CHAIN_REPLACE_AFTER_SECONDS: positiveNumber(60).describe(
    'after which a transaction is offered with higher fees',
  ),
  CHAIN_HIGHEST_FEE_GWEI: positiveNumber(500).describe('no gas is paid more for'),
  CHAIN_POLL_MS: positiveInteger(500).describe('how often open transactions are looked after'),
  FIRST_PARAMETERS: firstParameters,
  ZKRISK_DATA_DIR: z.string().default('.zkrisk').describe('where the embedded chain keeps its state'),
});
export type SettlementConfig = z.output<typeof settlementEnvironment>;
export const settlementConfig = (environment: NodeJS.ProcessEnv) =>
  readConfig(settlementEnvironment, environment);
