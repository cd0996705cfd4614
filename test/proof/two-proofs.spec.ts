import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Hex } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditOracle, chainProof, type ChainProof, encodeBook, fromUnits, ORACLE_ABI } from '#lib/chain';
import { hexOf, includedAccount, type IncludedAccount, MerkleSumTree } from '#lib/commitment';
import { type BarInput, barStatement, LAYOUTS } from '#lib/proofs';
import { liabilityRisk } from '#lib/risk';
import { halvesOf, randomBar } from '../support/factor-cases.js';
import { temporaryProver } from '../support/proofs.js';
import { BAR_SECONDS as BAR, OracleChain, STATE_BAR as START } from '../support/oracle-chain.js';

const UNIT = 2n * 10n ** 18n;
const COUNT = 64;
const HALF = COUNT / 2;
const FACTORS = 4;
const NAMES = Array.from({ length: COUNT }, (_, i) => `M${String(i).padStart(2, '0')}`);
const PARTS = [NAMES.slice(0, HALF), NAMES.slice(HALF)];
const DECAYS = [324, 36, 4];
const unit = Number(UNIT) / 1e18;
const decimal = (price: number) => price.toFixed(18);
const main = join(import.meta.dirname, '..', '..', 'apps/cli/src/main.js');

/** A bar of 64 markets whose book is of sizes with eight decimals. */
function wholeBar(): { input: BarInput; sizes: bigint[]; before: number[]; after: number[] } {
  const random = randomBar(64, { markets: COUNT, factors: FACTORS });
  const before = NAMES.map((_, i) => 10 ** (i % 5));
  const after = before.map((price, i) => price * Math.exp(random.returns[i] / 100));
  const sizes = random.exposures.map((share, i) => BigInt(Math.round(((share * unit) / after[i]) * 1e8)));
  const exposures = sizes.map((size, i) => ((Number(size) / 1e8) * after[i]) / unit);
  return { input: { ...random, exposures }, sizes, before, after };
}

/** s of the whole bar in float64, from the model itself: no half and no integer of a circuit is used. */
function volatilityOf({ model, state, returns, exposures }: BarInput): number {
  const { units, scores, loadings, levels, horizon } = model;
  const scaled = returns.map((value, i) => value / units[i]);
  const common = scores.map((row) => row.reduce((sum, w, i) => sum + w * scaled[i], 0));
  const own = scaled.map((value, i) => value - common.reduce((sum, f, k) => sum + loadings[i][k] * f, 0));
  const D = [...common, ...own].map((shock, j) => {
    const kind = j < FACTORS ? 'common' : 'own';
    const averages = state[j].map(
      (value, d) => value + (1 - Math.exp(-1 / DECAYS[d])) * (shock ** 2 - value),
    );
    const weighted = averages.reduce((sum, value, d) => sum + horizon.averages[kind][d] * value, 0);
    return levels[j] * horizon.level[kind] + weighted;
  });
  const held = exposures.map((x, i) => x * units[i]);
  const projected = common.map((_, k) => held.reduce((sum, x, i) => sum + x * loadings[i][k], 0));
  return Math.sqrt([...projected, ...held].reduce((sum, x, j) => sum + D[j] * x * x, 0));
}

/** The accounts' book: one account holds all of it, another nothing but money. */
function committedBook({ book }: BarInput, sizes: readonly bigint[], markets = NAMES) {
  const money = (share: number) => BigInt(Math.round((share * Number(UNIT)) / 1e10));
  const positions = markets.map((market, i) => ({
    ...{ market, size: sizes[i], accrual: 0n },
    entry: i === 0 ? money(book.entry) : 0n,
  }));
  const tree = new MerkleSumTree();
  const salt = (account: string) => createHash('sha256').update(account).digest();
  tree.set('a', salt('a'), { cash: 10n ** 8n, shares: 0n, positions });
  tree.set('b', salt('b'), { cash: 5n * 10n ** 8n, shares: 0n, positions: [] });
  const { digest, sums } = tree.commit();
  const pool = {
    capital: money(book.capital),
    liquidity: money(book.liquidity),
    pending: money(book.pending),
    other: 0n,
  };
  const opened = {
    ...{ digest: hexOf(digest) as Hex, sums: hexOf(sums) as Hex, pool },
    journal: { root: `0x${'00'.repeat(32)}` as const, entries: 0 },
  };
  const at = { barEnd: Number(START + BAR) * 1000, forecastId: 'f', pool };
  return {
    encoded: encodeBook(opened, NAMES),
    inclusion: (account: string) => includedAccount(at, [tree.inclusion(account)!]),
  };
}

describe('an epoch of 64 markets', () => {
  const { prover, remove } = temporaryProver(2);
  const { input, sizes, before, after } = wholeBar();
  const halves = halvesOf(input, HALF);
  let oracle: OracleChain;
  let proofs: ChainProof[];
  /** the first half alone: it holds by itself, and says nothing of the other's exposures */
  let alone: ChainProof;

  const epoch = (change: object = {}) => ({
    number: 1n,
    bar: START + BAR,
    unit: UNIT,
    before: [],
    bars: proofs,
    book: committedBook(input, sizes).encoded,
    ...change,
  });
  const publish = (change: object = {}) => oracle.ask('publish', [epoch(change)]);

  beforeAll(async () => {
    oracle = await OracleChain.start();
    const zeros = halves[0].others!.projection.map(() => '0'.repeat(64));
    const lying = { ...halves[0], others: { ...halves[0].others!, projection: zeros } };
    const made = [];
    for (const half of [...halves, lying]) made.push(chainProof(await prover.prove(barStatement, half)));
    [alone] = made.splice(2);
    proofs = made;
    await oracle.holdPrices(START, NAMES, before.map(decimal));
    await oracle.holdPrices(START + BAR, NAMES, after.map(decimal));
    await oracle.installModel(
      proofs.map(({ instances }) => instances),
      PARTS,
    );
  }, 900_000);
  afterAll(async () => {
    await oracle.stop();
    await remove();
  });

  it('is not taken where a half is missing, comes twice, or took other values than the other half has', async () => {
    const [first, second] = proofs;
    expect(await publish({ bars: [first] })).toMatch(/^WrongNumberOfProofs/);
    expect(await publish({ bars: [second, first] })).toMatch(/^ModelDiffers/);
    expect(await publish({ bars: [first, first] })).toMatch(/^ModelDiffers/);
    // A proof that holds by itself, of a book without the other half's exposures: the risk would be too small.
    const { volatility, publicOthers } = LAYOUTS.bar.values;
    expect(alone.instances[volatility.first]).not.toBe(first.instances[volatility.first]);
    expect(await publish({ bars: [alone, second] })).toMatch(/^OthersDiffer\(0, \d+\)/);
    // Its values written into the other's proof are not what was proven.
    const places = Array.from({ length: publicOthers.length }, (_, i) => publicOthers.first + i);
    const zeroed = places.reduce((instances, at) => instances.with(at, 0n), first.instances.slice());
    expect(await publish({ bars: [{ ...first, instances: zeroed }, second] })).toMatch(/^ProofRefused\(0\)/);
  }, 120_000);

  it('binds the accounts’ book to the exposures of both halves', async () => {
    for (const place of [0, HALF, COUNT - 1]) {
      const more = sizes.with(place, sizes[place] + sizes[place] / 1000n + 1000n);
      expect(await publish({ book: committedBook(input, more).encoded })).toMatch(/^ExposureDiffers/);
    }
    const half = committedBook(input, sizes.slice(0, HALF), PARTS[0]).encoded;
    expect(await publish({ book: half })).toMatch(/^ExposureDiffers/);
  }, 60_000);

  it('is taken as two proofs of one bar, and says of all 64 markets what float64 says of them', async () => {
    const gas = await publish();
    // The first epoch of 64 markets: half of it is storage that no later one pays for.
    expect(gas).toBeLessThan(8_000_000);
    console.log(`gas of an epoch of 64 markets, book bound: ${gas}`);
    const [measure, fresh] = await oracle.client.readContract({
      ...{ address: oracle.deployment.oracle, abi: ORACLE_ABI, functionName: 'measure' },
    });
    expect(fresh).toBe(true);
    const { exposures, book, alpha, tailFactor } = input;
    const s = volatilityOf(input);
    expect(Math.abs(fromUnits(measure.volatility) / s - 1)).toBeLessThan(1e-5);
    const net = exposures.reduce((sum, x) => sum + x, 0);
    const mean = 100 * (net - book.entry - book.capital - book.liquidity);
    const exact = liabilityRisk('evar', mean, tailFactor * s, Math.log(alpha)).value;
    expect(Math.abs(fromUnits(measure.upper) / exact - 1)).toBeLessThan(1e-4);
  }, 60_000);

  it('a stranger verifies both proofs and their sum from the chain', async () => {
    const audit = await auditOracle(oracle.url, oracle.deployment.oracle, prover);
    expect(audit.failures).toEqual([]);
    expect(audit.epochs).toHaveLength(1);
    expect(audit.epochs[0]).toMatchObject({ failures: [], proofs: 2, bound: true });
    expect(audit.holds).toBe(true);
  }, 120_000);

  it('everybody checks their place in it by the command line: `zkrisk check-inclusion`', () => {
    const folder = mkdtempSync(join(tmpdir(), 'zkrisk-inclusion-'));
    const run = (document: unknown, ...options: string[]) => {
      writeFileSync(join(folder, 'inclusion.json'), JSON.stringify(document));
      const args = [main, 'check-inclusion', 'inclusion.json', ...options];
      const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', cwd: folder });
      return { status, stderr, found: status === 0 ? (JSON.parse(stdout) as unknown) : undefined };
    };
    const onChain = ['--rpc', oracle.url, '--oracle', oracle.deployment.oracle];
    const book = committedBook(input, sizes);
    const mine = book.inclusion('b');
    try {
      const cash = { account: 'b', cash: '5', shares: '0', positions: [] };
      expect(run(mine, ...onChain)).toMatchObject({
        found: { root: mine.root, accounts: 2, holdings: [cash], epoch: { number: 1 } },
      });
      const { found } = run(book.inclusion('a'), ...onChain) as { found: { holdings: [{ positions: [] }] } };
      expect(found.holdings[0].positions).toHaveLength(COUNT);
      // The node and the oracle of a deployment's file.
      const deployment = { ...oracle.deployment, rpcUrl: oracle.url };
      writeFileSync(join(folder, 'deployment.json'), JSON.stringify(deployment));
      expect(run(mine, '--deployment', 'deployment.json').found).toMatchObject({ root: mine.root });
      // A root of somebody's own: the chain is not asked, and says nothing.
      expect(run(mine, '--root', mine.root).found).toMatchObject({ root: mine.root, epoch: null });
      const refused = (document: unknown, ...options: string[]) => {
        const { status, stderr } = run(document, ...options);
        expect(status).toBe(2);
        return stderr;
      };
      const [leaf] = mine.leaves;
      const change = (more: Partial<IncludedAccount['leaves'][0]>) => ({
        ...mine,
        leaves: [{ ...leaf, ...more }],
      });
      expect(refused(change({ account: 'c' }), ...onChain)).toContain('does not lead to the book');
      const richer = `${leaf.sums.slice(0, 33)}${leaf.sums[33] === '0' ? '1' : '0'}${leaf.sums.slice(34)}`;
      expect(refused(change({ sums: richer }), ...onChain)).toContain('does not lead to the book');
      // A document that is right about a root of its own and not about the chain's.
      const other = committedBook(input, sizes.with(3, 12_345n)).inclusion('b');
      expect(run(other, '--root', other.root).status).toBe(0);
      expect(refused(other, ...onChain)).toContain('does not lead to the book');
      const later = { ...mine, barEnd: new Date(Number(START + 2n * BAR) * 1000).toISOString() };
      expect(refused(later, ...onChain)).toContain('no epoch of the bar that ended at');
      expect(refused({ ...mine, leaves: [] }, ...onChain)).toContain('leaves');
      expect(refused(mine, '--root', '0x12')).toContain('root');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }, 120_000);
});
