import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Address } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chainProof, type ChainProof, contractArtifact, CORRECTION_ABI, marketBytes } from '#lib/chain';
import { barRows, barStatement, fieldElement, LAYOUTS, parseProof } from '#lib/proofs';
import { correctionStatement, loadCorrection } from '#lib/rules';
import { generator } from '#lib/runtime';
import type { BuiltModel, PublishedModel } from '../../apps/cli/src/model-circuit.command.js';
import { randomBar } from '../support/factor-cases.js';
import { BAR_SECONDS, OracleChain, PUBLISHED_BAR } from '../support/oracle-chain.js';
import { temporaryProver } from '../support/proofs.js';
import { noPython } from '../support/python.js';
import { witnessOf } from '../support/witness.js';

const CLI = join(import.meta.dirname, '..', '..', 'apps', 'cli', 'src', 'main.js');
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
  let oracle: OracleChain;
  let built: BuiltModel;

  function zkrisk<T>(...args: string[]): T {
    const { stdout, stderr } = spawnSync(process.execPath, [CLI, 'model', ...args], {
      encoding: 'utf8',
      env: { ...process.env, CHAIN_PRIVATE_KEY: oracle.chain.privateKey },
    });
    if (stdout === '') throw new Error(stderr);
    return JSON.parse(stdout) as T;
  }

  beforeAll(async () => {
    oracle = await OracleChain.start({ bound: false });
    writeFileSync(path('network.json'), JSON.stringify(randomNetwork()));
    writeFileSync(path('bar.json'), JSON.stringify(input));
    built = zkrisk('build', path('network.json'), '--samples', '200');
  }, 280_000);
  afterAll(async () => {
    await remove();
    await oracle.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is compiled to a circuit that the verifier reads, within its bound of the network', () => {
    const { error, compared, costs } = built;
    expect(error).toBeLessThan(1e-3);
    // Single precision of the network beside it.
    expect(compared.worst).toBeLessThan(error + 1e-5);
    expect(costs.logRows).toBeLessThanOrEqual(14);
    expect(costs.columns).toBeLessThanOrEqual(5);
  });

  it('shows the commitment that bar shows of its next state, and refuses what is no honest witness', () => {
    const statement = correctionStatement(loadCorrection(path('network.correction')));
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
    expect(honest.public!.public.commitments.state).toBe(bar.public.commitments.nextState);
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
    await oracle.holdReturns(MARKETS, input);
    const proof = chainProof(await prover.prove(barStatement, input));
    const at = (name: keyof typeof values, i = 0) => proof.instances[values[name].first + i];
    const markets = MARKETS.map(marketBytes);
    await oracle.installModel([proof.instances], [MARKETS]);
    await oracle.publish(proof);
    const { url } = oracle.chain;
    writeFileSync(path('deployment.json'), JSON.stringify(oracle.deployment));

    const { correction } = zkrisk<{ correction: Address }>(
      ...['deploy', path('network.json'), '--rpc', url, '--deployment', path('deployment.json')],
    );
    const made = zkrisk<{ multipliers: number[]; seconds: number }>(
      ...['prove', path('network.json'), '--bar', path('bar.json'), '--out', path('proof.json')],
    );
    const proven = chainProof(parseProof(JSON.parse(readFileSync(path('proof.json'), 'utf8'))));
    const bar = {
      ...{ number: 1n, bar: PUBLISHED_BAR, barSeconds: Number(BAR_SECONDS), markets },
      tailFactor: proof.instances[values.publicBook.first + 5],
      variances: MARKETS.map((_, i) => at('variances', i)),
    };
    const publish = (...proofs: ChainProof[]) =>
      oracle.call(correction, CORRECTION_ABI, 'publish', [bar, proofs]);
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
    const gas = await oracle.client.estimateContractGas({
      ...{ address: correction, abi: CORRECTION_ABI, functionName: 'publish', args: [bar, [proven]] },
      account: oracle.account,
    });
    expect(gas).toBeLessThan(2_500_000n);
    // The bar is found on the chain: its digest is the one that the oracle keeps, or the contract would refuse.
    const published = zkrisk<PublishedModel>(
      ...['publish', path('proof.json'), '--rpc', url, '--correction', correction],
    );
    expect(published).toMatchObject({ epoch: 1, bar: Number(PUBLISHED_BAR) });
    published.markets.forEach(({ market, proven: before, corrected }, i) => {
      expect(market).toBe(MARKETS[i]);
      expect((corrected / before) ** 2).toBeCloseTo(made.multipliers[i], 9);
    });
    for (const [i, market] of markets.entries()) {
      const [variance, fresh] = await oracle.client.readContract({
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
