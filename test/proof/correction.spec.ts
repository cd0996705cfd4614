import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Address, createWalletClient, encodeFunctionData, type Hex, http, zeroAddress } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  chainClient,
  chainProof,
  type ChainProof,
  contractArtifact,
  CORRECTION_ABI,
  type Deployment,
  deployOracle,
  type EmbeddedChain,
  marketBytes,
  modelInstallation,
  ORACLE_ABI,
  PRICE_SOURCE_ABI,
  revertReason,
  signReport,
  startEmbeddedChain,
  submission,
} from '#lib/chain';
import { barRows, barStatement, fieldElement, LAYOUTS, parseProof } from '#lib/proofs';
import { correctionStatement, loadCorrection } from '#lib/rules';
import { generator } from '#lib/runtime';
import { randomBar } from '../support/factor-cases.js';
import { temporaryProver } from '../support/proofs.js';
import { noPython } from '../support/python.js';
import { witnessOf } from '../support/witness.js';

const CLI = join(import.meta.dirname, '..', '..', 'apps', 'cli', 'src', 'main.js');
const BAR = 3600n;
const START = 1_700_000_000n - (1_700_000_000n % BAR);
const MARKETS = ['BTC', 'ETH', 'SOL'];
const SHAPES = { own: 16, common: 64, bias: 8, last: 8, lastBias: 1 };
const [STATE, VIOLATIONS, MULTIPLIERS] = [1, 3, 4];
const { values } = LAYOUTS.bar;

/** A network as training writes it: whole numbers of 2^−12. */
function randomNetwork(): Record<string, number[]> {
  const draw = generator(9);
  return Object.fromEntries(
    Object.entries(SHAPES).map(([name, count]) => [
      name,
      Array.from({ length: count }, () => Math.round((draw() - 0.5) * 4096) / 4096),
    ]),
  );
}

describe.skipIf(noPython() !== undefined)('a learned correction beside a proven bar', () => {
  const folder = mkdtempSync(join(tmpdir(), 'zkrisk-correction-'));
  const path = (name: string) => join(folder, name);
  const { prover, remove } = temporaryProver();
  const input = randomBar(7, { markets: MARKETS.length, factors: 2 });
  let chain: EmbeddedChain;
  let deployment: Deployment;

  function zkrisk<T>(...args: string[]): T {
    const { stdout, stderr } = spawnSync(process.execPath, [CLI, 'model', ...args], {
      encoding: 'utf8',
      env: { ...process.env, CHAIN_PRIVATE_KEY: chain.privateKey },
    });
    if (stdout === '') throw new Error(stderr);
    return JSON.parse(stdout) as T;
  }

  beforeAll(async () => {
    chain = await startEmbeddedChain({ blockSeconds: 0 });
    writeFileSync(path('network.json'), JSON.stringify(randomNetwork()));
    writeFileSync(path('bar.json'), JSON.stringify(input));
  }, 60_000);
  afterAll(async () => {
    await remove();
    await chain.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is compiled to a circuit that the verifier reads, within its bound of the network', () => {
    const { error, compared, costs } = zkrisk<{
      error: number;
      compared: { worst: number; samples: number };
      costs: { logRows: number; columns: number };
    }>('build', path('network.json'), '--samples', '200');
    expect(error).toBeLessThan(1e-3);
    // Single precision of the network beside it.
    expect(compared.worst).toBeLessThan(error + 1e-5);
    expect(costs.logRows).toBeLessThanOrEqual(14);
    expect(costs.columns).toBeLessThanOrEqual(5);
  }, 280_000);

  it('shows the commitment that bar shows of its next state, and refuses what is no honest witness', () => {
    const built = loadCorrection(path('network.correction'));
    const statement = correctionStatement(built);
    const state = barRows(input)[2];
    const bar = witnessOf(barStatement, barRows(input));
    const network = [
      ...Object.values(randomNetwork())
        .flat()
        .map((w) => BigInt(Math.round(w * 4096))),
      5n,
    ];
    const rows = statement.inputs({ network, state }).map((row) => [...row]);
    const seen = (...changes: [row: number, at: number, by: bigint][]) => {
      const altered = rows.map((row) => [...row]);
      for (const [row, at, by] of changes) altered[row][at] += by;
      const found = witnessOf(statement, altered);
      return 'refused' in found
        ? { failures: [found.refused], public: undefined }
        : { ...found.public, public: found };
    };
    const honest = seen();
    expect(honest.failures).toEqual([]);
    if ('refused' in bar) throw new Error(bar.refused);
    expect(honest.public!.public.commitments.state).toBe(bar.values.get('nextStateCommitment')![0]);
    const shares = rows[2].length - 1;
    for (let at = 0; at < shares; at += 7)
      for (const by of [2n, -2n, 1n << 18n, 1n << 41n, -rows[2][at] - 2n])
        expect(seen([2, at, by]).failures.length, `share ${at}, ${by}`).toBeGreaterThan(0);
    // Weights beyond the circuit's bounds, and invalid averages.
    expect(seen([0, 0, 1n << 20n]).failures.length).toBeGreaterThan(0);
    expect(seen([1, 0, -rows[1][0] - 1n]).failures.length).toBeGreaterThan(0);
    expect(seen([1, 3, 1n << 76n]).failures.length).toBeGreaterThan(0);
    // Another salt is another commitment of the same numbers.
    expect(seen([1, rows[1].length - 1, 1n]).public!.public.commitments.state).not.toBe(
      honest.public!.public.commitments.state,
    );
  }, 200_000);

  it('is registered, and corrects what the oracle has published of a bar, by proof alone', async () => {
    const account = privateKeyToAccount(chain.privateKey);
    const client = chainClient(chain.url);
    const wallet = createWalletClient({ account, transport: http(chain.url) });
    const call = async (
      address: Address,
      abi: readonly unknown[],
      functionName: string,
      args: readonly unknown[],
    ) => {
      const request = { address, abi, functionName, args } as never;
      try {
        await client.simulateContract({ ...(request as object), account } as never);
      } catch (error) {
        return revertReason(error);
      }
      const hash = await wallet.writeContract({ ...(request as object), chain: null } as never);
      return Number((await client.waitForTransactionReceipt({ hash })).gasUsed);
    };
    deployment = await deployOracle(chain.url, account, {
      alpha: 0.01,
      delaySeconds: 0,
      freshnessSeconds: 2 ** 31,
      margins: { lowest: 0.001, highest: 1, step: 0.05, velocity: 0.002, blocks: 50 },
    });
    writeFileSync(path('deployment.json'), JSON.stringify(deployment));
    const { chainId, prices } = deployment;
    for (const passed of [0, 1]) {
      const quoted = MARKETS.map((market, i) => ({
        market,
        price: (100 * Math.exp((passed * input.returns[i]) / 100)).toFixed(18),
      }));
      const bar = START + BigInt(passed) * BAR;
      const report = await signReport(account, { chainId, address: prices }, { bar, prices: quoted });
      expect(await call(prices, PRICE_SOURCE_ABI, 'submit', submission(bar, MARKETS, [report], 1)!)).toEqual(
        expect.any(Number),
      );
    }
    const proof = chainProof(await prover.prove(barStatement, input));
    const at = (name: keyof typeof values, i = 0) => proof.instances[values[name].first + i];
    const markets = MARKETS.map(marketBytes);
    const model = {
      parts: [{ model: at('modelCommitment'), state: at('stateCommitment'), markets }],
      ...{ stateBar: START, barSeconds: Number(BAR), horizonBars: 24 },
    };
    expect(await call(deployment.oracle, ORACLE_ABI, 'propose', [modelInstallation(model)])).toEqual(
      expect.any(Number),
    );
    expect(await call(deployment.oracle, ORACLE_ABI, 'installModel', [model])).toEqual(expect.any(Number));
    // Books have their own spec: here no account is bound.
    const unbinding = encodeFunctionData({
      abi: ORACLE_ABI,
      functionName: 'installBinding',
      args: [zeroAddress],
    });
    for (const [name, args] of [
      ['propose', [unbinding]],
      ['installBinding', [zeroAddress]],
    ] as const)
      expect(await call(deployment.oracle, ORACLE_ABI, name, args)).toEqual(expect.any(Number));
    const epoch = {
      number: 1n,
      bar: START + BAR,
      unit: 2n * 10n ** 18n,
      before: [],
      bars: [proof],
      book: '0x' as Hex,
    };
    expect(await call(deployment.oracle, ORACLE_ABI, 'publish', [epoch])).toEqual(expect.any(Number));

    const { correction } = zkrisk<{ correction: Address }>(
      ...['deploy', path('network.json'), '--rpc', chain.url, '--deployment', path('deployment.json')],
    );
    const made = zkrisk<{ multipliers: number[]; seconds: number }>(
      ...['prove', path('network.json'), '--bar', path('bar.json'), '--out', path('proof.json')],
    );
    const proven = chainProof(parseProof(JSON.parse(readFileSync(path('proof.json'), 'utf8'))));
    const bar = {
      ...{ number: 1n, bar: START + BAR, barSeconds: Number(BAR), markets },
      tailFactor: proof.instances[values.publicBook.first + 5],
      variances: MARKETS.map((_, i) => at('variances', i)),
    };
    const publish = (...proofs: ChainProof[]) => call(correction, CORRECTION_ABI, 'publish', [bar, proofs]);
    const altered = (index: number): ChainProof => ({
      ...proven,
      instances: proven.instances.with(index, fieldElement(proven.instances[index] + 1n)),
    });
    expect(proven.instances[STATE]).toBe(at('nextStateCommitment'));
    expect(await publish(altered(0))).toMatch(/^NetworkDiffers/);
    expect(await publish(altered(STATE))).toMatch(/^StateDiffers/);
    expect(await publish(altered(2))).toBe('ProofRefused(0)');
    expect(await publish(altered(VIOLATIONS))).toBe('Violated(1)');
    expect(await publish(altered(MULTIPLIERS))).toBe('ProofRefused(0)');
    expect(await publish(proof)).toMatch(/^WrongNumberOfValues|^0x/);
    const gas = await publish(proven);
    expect(gas).toEqual(expect.any(Number));
    expect(gas).toBeLessThan(2_500_000);
    for (const [i, market] of markets.entries()) {
      const [variance, fresh] = await client.readContract({
        ...{ address: correction, abi: CORRECTION_ABI, functionName: 'variance', args: [market] },
      });
      expect(fresh).toBe(true);
      expect(variance).toBe((bar.variances[i] * proven.instances[MULTIPLIERS + i]) >> 24n);
      expect(made.multipliers[i]).toBe(Number(proven.instances[MULTIPLIERS + i]) / 2 ** 24);
    }
    expect(await publish(proven)).toMatch(/^CorrectedAlready/);
    console.log(`a correction: proven in ${made.seconds.toFixed(1)} s, published for ${gas} gas`);
    for (const item of CORRECTION_ABI)
      if (item.type === 'function')
        expect(JSON.stringify(contractArtifact('ForecastCorrection').abi)).toContain(`"name":"${item.name}"`);
  }, 900_000);
});
