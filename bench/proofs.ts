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
  accountUnit,
  barStatement,
  chainKeyOf,
  createProver,
  liquidationStatement,
  loadArtifacts,
  nativePython,
  parseProof,
  type PricedSide,
  type PriceInput,
  priceStatement,
  type ProofDocument,
} from '#lib/proofs';
import { liabilityRisk } from '#lib/risk';
import { randomBar } from '../test/support/factor-cases.js';
import { randomCase } from '../test/support/liquidation-cases.js';
import type { Figure } from './harness.js';

/** Measurements of one circuit. */
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

/** Each circuit on both backends in the same run, its gas, its error. */
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
    const bar = circuits.find(({ name }) => name === 'bar')!;
    figures.push({
      name: 'proof of a bar of 32 markets and the risk of its standing book, engine',
      ours: bar.engine,
      unit: 's',
      peer: bar.native === null ? null : { name: 'native ezkl', value: bar.native },
      ratio: bar.native === null ? null : bar.native / bar.engine,
      target: '< 50 s',
      met: bar.engine < 50,
    });
    if (bar.native !== null)
      figures.push({
        name: 'the same, native',
        ours: bar.native,
        unit: 's',
        peer: { name: 'engine', value: bar.engine },
        ratio: bar.engine / bar.native,
        target: '< 8 s',
        met: bar.native < 8,
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
  const bar = randomBar(5, { markets: 32, factors: 4 });
  const side = (exposures: readonly number[]) => ({ ...bar.book, exposures });
  const trade: PriceInput = {
    ...{ model: bar.model, state: bar.state, stateSalt: bar.stateSalt },
    before: side(bar.exposures),
    after: side(bar.exposures.map((x, i) => (i === 0 ? x + 4 : x))),
    ...{ alpha: bar.alpha, tailFactor: bar.tailFactor },
  };
  const plan = liquidate(randomCase(15, { n: 16 }), await loadSolvers());
  return {
    bar,
    price: trade,
    liquidation: { plan },
  };
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

/** The proof's figures beside float64: risk, premium, or the plan. */
async function errorOf(name: string, input: object, document: ProofDocument): Promise<number> {
  const prover = createProver();
  try {
    const parsed = parseProof(document);
    if (name === 'bar') {
      const { exposures, book, alpha, tailFactor } = barStatement.parse(input);
      const { values } = await prover.verify(barStatement, parsed);
      const net = exposures.reduce((sum, x) => sum + x, 0);
      const mean = 100 * (net - book.entry - book.capital - book.liquidity);
      const s = tailFactor * values!.volatility;
      return Math.abs(values!.upper - liabilityRisk('evar', mean, s, Math.log(alpha)).value);
    }
    if (name === 'price') {
      const { values } = await prover.verify(priceStatement, parsed);
      const risk = ({ exposures, book, volatility }: PricedSide) => {
        const net = exposures.reduce((sum, x) => sum + x, 0);
        const mean = 100 * (net - book.entry - book.capital - book.liquidity);
        return liabilityRisk('evar', mean, values!.tailFactor * volatility, -values!.budget).value;
      };
      return Math.abs(values!.premium - Math.max(0, risk(values!.after) - risk(values!.before)));
    }
    if (name === 'liquidation') {
      const { plan } = liquidationStatement.parse(input);
      const { values } = await prover.verify(liquidationStatement, parsed);
      const unit = accountUnit(plan.case.positions);
      return Math.max(
        Math.abs(values!.objective - plan.objective / unit),
        Math.abs(values!.premium - plan.premium / unit),
      );
    }
    throw new Error(`${name} has no float64 to be held against`);
  } finally {
    await prover.close();
  }
}
