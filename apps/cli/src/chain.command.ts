import { addressSchema, type Audit, auditOracle, type Deployment, deployOracle } from '#lib/chain';
import { parseInput } from '#lib/errors';
import { createProver } from '#lib/proofs';
import { oracleTerms, writeDeployment } from '../../settlement/src/index.js';
import { signer } from './signer.js';

/** Verifies everything an oracle has taken; needs nothing but a node. */
export async function auditCommand(options: { rpc: string; oracle: string }): Promise<Audit> {
  const oracle = parseInput(addressSchema, options.oracle, 'oracle');
  const prover = createProver();
  try {
    return await auditOracle(options.rpc, oracle, prover, (line) => {
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
  const deployment = await deployOracle(options.rpc, signer(), oracleTerms(options.alpha, options.delay));
  writeDeployment(options.out, deployment);
  return deployment;
}
