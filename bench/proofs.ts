import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { encodeFunctionData, parseAbi } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { chainClient, chainProof, deployOracle, startEmbeddedChain } from '#lib/chain';
import { liquidate, loadSolvers } from '#lib/liquidation';
import {
  chainKeyOf,
  covarianceRows,
  covarianceStatement,
  createProver,
  dequantise,
  liquidationStatement,
  loadArtifacts,
  momentumStatement,
  nativePython,
  parseProof,
  type PricingInput,
  pricingStatement,
  type ProofDocument,
  unitOf,
} from '#lib/proofs';
import { liabilityRisk } from '#lib/risk';
import { randomCase } from '../test/support/liquidation-cases.js';
import { randomPricing } from '../test/support/proof-cases.js';
import type { Figure } from './harness.js';

/** What was measured of one circuit. */
export interface CircuitFigures {
  readonly name: string;
  readonly rows: string;
  readonly verificationKeyBytes: number;
  readonly provingKeyMegabytes: number;
  readonly proofBytes: number;
  /** seconds */
  readonly engine: number;
  readonly native: number | null;
  readonly verify: number;
  /** peak of the engine's process, megabytes */
  readonly memory: number;
  /** to verify it on a chain, calldata included */
  readonly gas: number;
  /** largest difference of a public value from float64, in the value's own unit */
  readonly error: number;
}

interface Run {
  readonly document: ProofDocument;
  readonly prove: number;
  readonly verify: number;
  readonly memory: number;
}

const run = promisify(execFile);
const child = join(import.meta.dirname, 'circuit.process.js');

/** Each circuit on both backends in the same run, its gas, its error; then the standing book on both. */
export async function proofFigures(): Promise<{ circuits: CircuitFigures[]; figures: Figure[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'zkrisk-bench-'));
  const python = nativePython();
  try {
    const inputs = await statementInputs();
    const prove = async (name: string, backend: 'engine' | 'native'): Promise<Run> => {
      const file = join(folder, `${name}.json`);
      writeFileSync(file, JSON.stringify(inputs[name]));
      const environment = { ...process.env, ZKRISK_DATA_DIR: folder, PROVER_BACKEND: backend };
      const { stdout } = await run(process.execPath, [child, name, file], {
        env: environment,
        maxBuffer: 1 << 28,
      });
      return JSON.parse(stdout) as Run;
    };
    const circuits: CircuitFigures[] = [];
    for (const name of Object.keys(inputs)) {
      process.stderr.write(`  ${name} …\n`);
      const engine = await prove(name, 'engine');
      const native = python === undefined ? null : await prove(name, 'native');
      const artifacts = loadArtifacts(name);
      const settings = JSON.parse(Buffer.from(artifacts.settings).toString()) as {
        num_rows: number;
        run_args: { logrows: number; num_inner_cols: number };
      };
      circuits.push({
        name,
        rows: `${settings.num_rows} of 2^${settings.run_args.logrows}`,
        verificationKeyBytes: chainKeyOf(name).length,
        provingKeyMegabytes: statSync(join(folder, 'proving-keys', `${artifacts.digest}.pk`)).size / 1e6,
        proofBytes: (engine.document.proof.length - 2) / 2,
        engine: engine.prove,
        native: native?.prove ?? null,
        verify: engine.verify,
        memory: engine.memory,
        gas: await gasOf(name, engine.document),
        error: await errorOf(name, inputs[name], engine.document),
      });
    }
    const figures: Figure[] = [];
    const engine = await standingBook('engine', folder, inputs);
    const native = python === undefined ? null : await standingBook('native', folder, inputs);
    figures.push({
      name: 'proof of the standing book (covariance and pricing), engine',
      ours: engine,
      unit: 's',
      peer: native === null ? null : { name: 'native ezkl', value: native },
      ratio: native === null ? null : native / engine,
      target: '< 60 s',
      met: engine < 60,
    });
    if (native !== null)
      figures.push({
        name: 'the same, native',
        ours: native,
        unit: 's',
        peer: { name: 'engine', value: engine },
        ratio: engine / native,
        target: '< 12 s',
        met: native < 12,
      });
    return { circuits, figures };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function circuitTable(circuits: readonly CircuitFigures[]): string {
  const head = [
    'circuit',
    'rows',
    'vk, bytes',
    'pk, MB',
    'proof, bytes',
    'engine, s',
    'native, s',
    'verify, s',
    'memory, MB',
    'gas',
    'error',
  ];
  const rows = circuits.map((figures) => [
    figures.name,
    figures.rows,
    String(figures.verificationKeyBytes),
    figures.provingKeyMegabytes.toFixed(0),
    String(figures.proofBytes),
    figures.engine.toFixed(1),
    figures.native?.toFixed(1) ?? 'absent',
    figures.verify.toFixed(2),
    figures.memory.toFixed(0),
    String(figures.gas),
    figures.error.toExponential(1),
  ]);
  const widths = head.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i].length)));
  return [head, ...rows].map((row) => row.map((cell, i) => cell.padEnd(widths[i])).join('  ')).join('\n');
}

async function statementInputs(): Promise<Record<string, object>> {
  // A full cluster of eight.
  let seed = 1;
  while (randomPricing(seed, 0.2).clusters[0].loadings.length !== 8) seed++;
  const { clusters, input } = randomPricing(seed, 0.2);
  const plan = liquidate(randomCase(15, { n: 16 }), await loadSolvers());
  return {
    covariance: clusters[0],
    pricing: input,
    liquidation: { plan },
    momentum: {
      strategy: [0.5, 0.8, 1.2, 0.3, 0.7, 0.2, 0.9, 1.1],
      salt: 1234.5,
      weights: new Array<number>(8).fill(0.125),
      gradient: [0.02, -0.01, 0.015, 0.03, -0.02, 0.01, 0, 0.005],
    },
  };
}

/** Both proofs: on the engine at once in two threads; natively one after the other, for each process takes all cores. */
async function standingBook(
  backend: 'engine' | 'native',
  folder: string,
  inputs: Record<string, object>,
): Promise<number> {
  const environment = { ...process.env, ZKRISK_DATA_DIR: folder, PROVER_BACKEND: backend };
  const prover = createProver({ threads: 2 }, environment);
  try {
    const started = performance.now();
    const first = prover.prove(covarianceStatement, covarianceStatement.parse(inputs.covariance));
    if (backend === 'native') await first;
    await Promise.all([first, prover.prove(pricingStatement, pricingStatement.parse(inputs.pricing))]);
    return (performance.now() - started) / 1000;
  } finally {
    await prover.close();
  }
}

async function gasOf(name: string, document: ProofDocument): Promise<number> {
  const chain = await startEmbeddedChain({ blockSeconds: 0 });
  try {
    const account = privateKeyToAccount(chain.privateKey);
    const margins = { lowest: 0.001, highest: 1, step: 0.05, velocity: 0.002, blocks: 50 };
    const { verifier, keys } = await deployOracle(chain.url, account, {
      alpha: 0.01,
      delaySeconds: 0,
      freshnessSeconds: 3600,
      margins,
    });
    const { proof, instances } = chainProof(document);
    const abi = parseAbi([
      'function verifyProof(address key, bytes proof, uint256[] instances) view returns (bool)',
    ]);
    const data = encodeFunctionData({
      abi,
      functionName: 'verifyProof',
      args: [keys[name], proof, instances],
    });
    return Number(await chainClient(chain.url).estimateGas({ account, to: verifier, data }));
  } finally {
    await chain.stop();
  }
}

/** What the proof says beside float64: variances, risk and premium, or the plan. */
async function errorOf(name: string, input: object, document: ProofDocument): Promise<number> {
  const prover = createProver();
  try {
    const parsed = parseProof(document);
    if (name === 'covariance') {
      const given = covarianceStatement.parse(input);
      const { values } = await prover.verify(covarianceStatement, parsed);
      const next = covarianceRows(given).nextState.map(dequantise);
      const d = given.slope.map((b, k) => given.horizon + b * (next[k] - 1));
      return Math.max(
        ...given.loadings.map((row, i) => {
          const variance = row.reduce((sum, z, k) => sum + z * z * d[k], 0);
          return Math.abs(values!.horizonVariances[i] - variance);
        }),
      );
    }
    if (name === 'pricing') {
      const { clusters, correlation, before, alpha } = input as PricingInput;
      const { values } = await prover.verify(pricingStatement, parsed);
      const v = clusters.flatMap(({ risk }) => risk);
      const s = Math.sqrt(
        v.reduce((sum, a, i) => sum + a * correlation[i].reduce((dot, r, j) => dot + r * v[j], 0), 0),
      );
      const mean = 100 * (before.net - before.entry - before.capital - before.liquidity);
      return Math.abs(values!.states[0].upper - liabilityRisk('evar', mean, s, Math.log(alpha)).value);
    }
    if (name === 'liquidation') {
      const { plan } = liquidationStatement.parse(input);
      const { values } = await prover.verify(liquidationStatement, parsed);
      const unit = unitOf(plan);
      return Math.max(
        Math.abs(values!.objective - plan.objective / unit),
        Math.abs(values!.premium - plan.premium / unit),
      );
    }
    const { strategy, weights, gradient } = momentumStatement.parse(input);
    const { values } = await prover.verify(momentumStatement, parsed);
    const sum = (terms: readonly number[]) => terms.reduce((total, term) => total + term, 0);
    const offset = -sum(strategy.map((k, i) => k * gradient[i])) / sum(strategy);
    return Math.max(
      ...weights.map((weight, i) =>
        Math.abs(values!.newWeights[i] - weight - strategy[i] * (gradient[i] + offset)),
      ),
    );
  } finally {
    await prover.close();
  }
}
