import { z } from 'zod';
import { fields } from '#lib/messages';
import { firstParameters, marketOrderSecret, readConfig } from '#lib/service';

/** Empty is as good as not set: a compose file cannot leave a variable out. */
const address = z.string().regex(/^(0x[0-9a-fA-F]{40})?$/, 'must be an address of 20 bytes in hex');

export const vaultEnvironment = z.object({
  VAULT: z.enum(['on', 'off']).default('off').describe('whether a vault’s pool shares count as liquidity'),
  VAULT_ADDRESS: address
    .optional()
    .describe(
      'of the vault; without it, that of vault.json in ZKRISK_DATA_DIR, which zkrisk deploy-vault writes',
    ),
  VAULT_PROVIDER: fields.account.default('vault').describe('the liquidity provider it is in the books'),
  VALUATION_SECRET: z
    .string()
    .min(32, 'must have at least 32 characters')
    .optional()
    .describe(
      'seals valuations: the same for vault and pricer, which refuses what is not sealed. Or VALUATION_SECRET_FILE. In one process it is made at the start',
    )
    .meta({ secret: true }),
  VAULT_QUOTE_MARKET: z
    .string()
    .default('USD')
    .describe('the market of the token that is the quote currency itself'),
  VAULT_LEAST_HAIRCUT: z.coerce
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe('share of the value that never counts; 1 takes the vault out of the liquidity'),
  VAULT_CONFIRMATIONS: z.coerce
    .number()
    .int()
    .min(0)
    .default(3)
    .describe('blocks on top of the one the vault is read at'),
  CHAIN_RPC_URL: z.string().optional().describe('a node to use instead of the embedded chain'),
  FIRST_PARAMETERS: firstParameters,
  MARKET_ORDER_SECRET: marketOrderSecret,
  ZKRISK_DATA_DIR: z.string().default('.zkrisk').describe('where the embedded chain keeps its state'),
});
export type VaultConfig = z.output<typeof vaultEnvironment>;
export const vaultConfig = (environment: NodeJS.ProcessEnv) => readConfig(vaultEnvironment, environment);
