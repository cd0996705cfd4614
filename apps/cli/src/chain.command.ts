import {
  addressSchema,
  type Audit,
  auditOracle,
  type Deployment,
  deployOracle,
  parseDeployment,
} from '#lib/chain';
import { parseInput } from '#lib/errors';
import { createProver } from '#lib/proofs';
import { oracleTerms, writeDeployment } from '../../settlement/src/index.js';
import { UsageError } from '#lib/terminal';
import { readJson } from './read-json.js';
import { signer } from './signer.js';

export interface AuditOptions {
  readonly rpc?: string;
  readonly oracle?: string;
  /** file that names the node and the oracle where the others do not */
  readonly deployment: string;
}

/**
 * Verifies everything an oracle has taken; needs nothing but a node.
 *
 * @throws {UsageError} where nothing says which node or oracle
 */
export async function auditCommand({ deployment, ...given }: AuditOptions): Promise<Audit> {
  const known =
    given.rpc !== undefined && given.oracle !== undefined ? undefined : parseDeployment(readJson(deployment));
  const rpc = given.rpc ?? known?.rpcUrl;
  if (rpc === undefined) throw new UsageError(`--rpc: ${deployment} names no node; give the URL of one`);
  const oracle = parseInput(addressSchema, given.oracle ?? known?.oracle, 'oracle');
  const prover = createProver();
  try {
    return await auditOracle(rpc, oracle, prover, (line) => {
      process.stderr.write(`${line}\n`);
    });
  } finally {
    await prover.close();
  }
}

/** Deploys the contracts and writes their addresses to a file. */
export async function deployCommand(options: {
  rpc: string;
  out: string;
  alpha: number;
  delay: number;
}): Promise<Deployment> {
  const terms = oracleTerms(options.alpha, options.delay);
  const deployment = { ...(await deployOracle(options.rpc, signer(), terms)), rpcUrl: options.rpc };
  writeDeployment(options.out, deployment);
  return deployment;
}
