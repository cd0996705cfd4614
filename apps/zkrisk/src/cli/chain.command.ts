import type { Address } from 'viem';
import { accountFrom, type Audit, auditOracle, type Deployment, deployOracle } from '#lib/chain';
import { InvalidInputError } from '#lib/errors';
import { createProver } from '#lib/proofs';
import { oracleTerms, writeDeployment } from '../../../settlement/src/index.js';

/** Verifies everything an oracle has taken; needs nothing but a node. */
export async function auditCommand(options: { rpc: string; oracle: string }): Promise<Audit> {
  if (!/^0x[0-9a-fA-F]{40}$/.test(options.oracle))
    throw new InvalidInputError('oracle', `must be an address, got "${options.oracle}"`);
  const prover = createProver();
  try {
    return await auditOracle(options.rpc, options.oracle as Address, prover, (line) => {
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
  const account = accountFrom(process.env);
  if (account === undefined)
    throw new InvalidInputError('CHAIN_KEYSTORE', 'or CHAIN_PRIVATE_KEY must say who deploys');
  const deployment = await deployOracle(options.rpc, account, oracleTerms(options.alpha, options.delay));
  writeDeployment(options.out, deployment);
  return deployment;
}
