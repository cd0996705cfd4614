import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Address } from 'viem';
import { z } from 'zod';
import {
  addressSchema,
  chainClient,
  type ChainClient,
  startEmbeddedChain,
  type VaultHoldings,
  vaultHoldings,
} from '#lib/chain';
import { parseInput } from '#lib/errors';
import { NoVaultError } from './errors.js';
import type { VaultConfig } from './vault.config.js';

const deploymentSchema = z.strictObject({ vault: addressSchema, pool: addressSchema });
/** Where a vault and its pool are. */
export type VaultDeployment = z.infer<typeof deploymentSchema>;

/** @throws {InvalidInputError} for a file that says something else */
export function readVaultDeployment(path: string): VaultDeployment {
  return parseInput(deploymentSchema, JSON.parse(readFileSync(path, 'utf8')), path);
}

export function writeVaultDeployment(path: string, deployment: VaultDeployment): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(deployment, null, 2)}\n`);
}

/** Of a data directory. */
export function vaultDeploymentFile(dataDirectory: string): string {
  return join(dataDirectory, 'vault.json');
}

/** The chain as the vault service sees it. */
export interface VaultChain {
  /** undefined where none has been deployed yet */
  vault(): Address | undefined;
  /**
   * As of a block with the confirmations asked for.
   *
   * @throws {NoVaultError} where none has been deployed yet
   */
  read(): Promise<{ vault: Address; holdings: VaultHoldings }>;
  close(): Promise<void>;
}

/** The node of CHAIN_RPC_URL, or the embedded chain, beside a settlement that has started it or by itself. */
export async function openVaultChain(config: VaultConfig): Promise<VaultChain> {
  const { CHAIN_RPC_URL, ZKRISK_DATA_DIR, VAULT_ADDRESS, VAULT_CONFIRMATIONS } = config;
  const embedded =
    CHAIN_RPC_URL === undefined
      ? await startEmbeddedChain({ stateFile: join(ZKRISK_DATA_DIR, 'chain.json') })
      : undefined;
  // A batch waits for the answer: an older reading is better than a lane that stands still.
  const client = chainClient(CHAIN_RPC_URL ?? embedded!.url, { timeoutMs: 4000, retries: 0 });
  const file = vaultDeploymentFile(ZKRISK_DATA_DIR);
  let known = VAULT_ADDRESS === '' ? undefined : (VAULT_ADDRESS as Address | undefined);
  const vault = () => {
    if (known === undefined && existsSync(file)) known = readVaultDeployment(file).vault;
    return known;
  };
  return {
    vault,
    read: async () => {
      const address = vault();
      if (address === undefined) throw new NoVaultError(file);
      const block = await confirmedBlock(client, VAULT_CONFIRMATIONS);
      return { vault: address, holdings: await vaultHoldings(client, address, block) };
    },
    close: async () => {
      // Whoever has started the chain ends it.
      if (embedded?.found === false) await embedded.stop();
    },
  };
}

/** undefined: the newest. */
async function confirmedBlock(client: ChainClient, confirmations: number): Promise<bigint | undefined> {
  if (confirmations === 0) return undefined;
  const head = await client.getBlockNumber();
  const behind = BigInt(confirmations);
  return head > behind ? head - behind : 0n;
}
