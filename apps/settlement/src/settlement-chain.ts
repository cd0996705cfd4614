import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts';
import {
  accountFrom,
  type ChainClient,
  chainClient,
  ChainError,
  type Deployment,
  deployOracle,
  type OracleTerms,
  parseDeployment,
  startEmbeddedChain,
} from '#lib/chain';
import { MARGIN_RAILS } from '#lib/risk';
import type { SettlementConfig } from './settlement.config.js';

/** Terms of oracles deployed here: measures are fresh for two days from the end of their bar. */
export function oracleTerms(alpha: number, delaySeconds: number): OracleTerms {
  return {
    alpha,
    delaySeconds,
    freshnessSeconds: 2 * 86_400,
    margins: MARGIN_RAILS,
  };
}

/** The chain that is settled on. */
export interface SettlementChain {
  readonly client: ChainClient;
  readonly account: PrivateKeyAccount;
  readonly deployment: Deployment;
  readonly rpcUrl: string;
  /** whether it is the process beside this one */
  readonly embedded: boolean;
}

/** A chain to settle on, and how to close it. */
export interface OpenedChain extends SettlementChain {
  close(): Promise<void>;
}

/**
 * The node of CHAIN_RPC_URL with the contracts of CHAIN_DEPLOYMENT, or the embedded chain, where the contracts are deployed at
 * the first start.
 *
 * @throws {ChainError} where another chain's contracts are not there
 */
export async function openChain(
  config: SettlementConfig,
  environment: NodeJS.ProcessEnv,
): Promise<OpenedChain> {
  const path = config.CHAIN_DEPLOYMENT ?? join(config.ZKRISK_DATA_DIR, 'deployment.json');
  if (config.CHAIN_RPC_URL !== undefined) {
    const account = accountFrom(environment);
    if (account === undefined)
      throw new ChainError('CHAIN_RPC_URL needs a key to sign with: CHAIN_KEYSTORE or CHAIN_PRIVATE_KEY');
    if (!existsSync(path))
      throw new ChainError(`${path} is not there: zkrisk deploy makes it, CHAIN_DEPLOYMENT says where it is`);
    const client = chainClient(config.CHAIN_RPC_URL);
    const deployment = readDeployment(path);
    const chainId = await client.getChainId();
    if (chainId !== deployment.chainId)
      throw new ChainError(`${path} is of chain ${deployment.chainId}, the node of chain ${chainId}`);
    const close = () => Promise.resolve();
    return { client, account, deployment, rpcUrl: config.CHAIN_RPC_URL, embedded: false, close };
  }
  const chain = await startEmbeddedChain({ stateFile: join(config.ZKRISK_DATA_DIR, 'chain.json') });
  try {
    const account = accountFrom(environment) ?? privateKeyToAccount(chain.privateKey);
    const client = chainClient(chain.url);
    let deployment = existsSync(path) ? readDeployment(path) : undefined;
    if (deployment !== undefined && (await client.getCode({ address: deployment.oracle })) === undefined)
      deployment = undefined;
    const { alpha } = config.FIRST_PARAMETERS.parameters.model;
    deployment ??= await deployOracle(chain.url, account, oracleTerms(alpha, 0), { environment });
    // The embedded chain has another port at every start.
    deployment = { ...deployment, rpcUrl: chain.url };
    writeDeployment(path, deployment);
    return { client, account, deployment, rpcUrl: chain.url, embedded: true, close: () => chain.stop() };
  } catch (error) {
    await chain.stop();
    throw error;
  }
}

export function readDeployment(path: string): Deployment {
  return parseDeployment(JSON.parse(readFileSync(path, 'utf8')));
}

export function writeDeployment(path: string, deployment: Deployment): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(deployment, null, 2)}\n`);
}
