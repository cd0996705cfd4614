import type { Address } from 'viem';
import { addressSchema, parseDeployment } from '#lib/chain';
import { parseInput } from '#lib/errors';
import { UsageError } from '#lib/terminal';
import { readJson } from './read-json.js';

/** Options that name a node and an oracle. */
export interface ChainOptions {
  readonly rpc?: string;
  readonly oracle?: string;
  /** file that names the node and the oracle where the others do not */
  readonly deployment: string;
}

/** A node and an oracle. @throws {UsageError} where nothing says which */
export function chainOf({ rpc, oracle, deployment }: ChainOptions): {
  readonly rpcUrl: string;
  readonly oracle: Address;
} {
  const known = rpc !== undefined && oracle !== undefined ? undefined : parseDeployment(readJson(deployment));
  const rpcUrl = rpc ?? known?.rpcUrl;
  if (rpcUrl === undefined) throw new UsageError(`--rpc: ${deployment} names no node; give the URL of one`);
  return { rpcUrl, oracle: parseInput(addressSchema, oracle ?? known?.oracle, 'oracle') };
}
