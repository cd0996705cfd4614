// Long because a chain of proven epochs takes minutes to make, and all its tests need one.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Hex } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  auditOracle,
  CHALLENGES_ABI,
  chainProof,
  type ChainProof,
  encodeBook,
  ORACLE_ABI,
  premiumStatement,
  priceUnits,
  SECOND_EMBEDDED_KEY,
} from '#lib/chain';
import {
  contentOf,
  hexOf,
  journalTree,
  MerkleSumTree,
  type OpeningBook,
  type RecordedChange,
} from '#lib/commitment';
import { type BarInput, barStatement, barValues, priceRows, stateNumbers } from '#lib/proofs';
import { callSpread } from '#lib/risk';
import { allowEntryCommand } from '../../apps/cli/src/allow.command.js';
import { answerCommand } from '../../apps/cli/src/answer.command.js';
import { challengeCommand, checkReceiptCommand, lapseCommand } from '../../apps/cli/src/receipt.command.js';
import { randomBar, randomSalt } from '../support/factor-cases.js';
import { BAR_SECONDS as BAR, OracleChain, STATE_BAR as START } from '../support/oracle-chain.js';
import { temporaryProver } from '../support/proofs.js';
import { WrittenJournal } from '../support/written-journal.js';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const UNIT = 2;
const MARKETS = ['BTC', 'ETH', 'SOL'];
const FACTORS = 2;
const SALT = Buffer.alloc(32, 7);
const decimal = (price: number) => price.toFixed(18);
const money = (value: number) => BigInt(Math.round(value * 1e8));
const moved = (prices: readonly number[], returns: readonly number[]) =>
  prices.map((price, i) => price * Math.exp(returns[i] / 100));
const exposuresOf = (sizes: readonly bigint[], prices: readonly number[]) =>
  sizes.map((size, i) => ((Number(size) / 1e8) * prices[i]) / UNIT);

/** Two bars: between them 1 % of the first market is bought, and dust of the second closed. */
function market() {
  const random = randomBar(5, { markets: MARKETS.length, factors: FACTORS });
  const begun = MARKETS.map(() => 100);
  const first = moved(begun, random.returns);
  const sizes = random.exposures.map((share, i) => money((share * UNIT) / first[i]));
  const entry = money(random.book.entry * UNIT);
  const bought = sizes[0] / 100n;
  const marks = first.map((price) => price * 1.001);
  const traded = money((Number(bought) / 1e8) * marks[0]);
  const after = [sizes[0] + bought, sizes[1] + 1000n, sizes[2]];
  const dust = money((1000 / 1e8) * marks[1]);
  const returns = random.returns.map((value) => -value / 2);
  const last = moved(first, returns);
  const book = { ...random.book, entry: Number(entry) / 1e8 / UNIT };
  const one: BarInput = { ...random, book, exposures: exposuresOf(sizes, first) };
  const two: BarInput = {
    ...one,
    exposures: exposuresOf(after, last),
    book: { ...book, entry: Number(entry + traded + dust) / 1e8 / UNIT },
    state: stateNumbers(barValues(one).after, FACTORS, MARKETS.length),
    stateSalt: one.nextStateSalt,
    nextStateSalt: randomSalt(),
    returns,
  };
  return {
    bars: [one, two],
    sizes: [sizes, after],
    entries: [entry, entry + traded, dust],
    bought,
    traded,
    marks,
    closes: [begun, first, last],
  };
}

describe('the premium of a trade', () => {
  const { prover, remove } = temporaryProver(2);
  const { bars, sizes, entries, bought, traded, marks, closes } = market();
  const directory = mkdtempSync(join(tmpdir(), 'zkrisk-challenges-'));
  const receiptFile = join(directory, 'receipt.json');
  const opening: OpeningBook = MARKETS.map((name, i) => [
    name,
    String(sizes[0][i]),
    String(i === 0 ? entries[0] : 0n),
  ]);
  const event = {
    ...{ kind: 'trade-booked', at: 7, tradeId: 't', account: 'alice', quoteId: null, forecastId: 'f' },
    legs: [{ market: 'BTC', size: (Number(bought) / 1e8).toFixed(8), price: marks[0].toFixed(12) }],
  };
  let oracle: OracleChain;
  let proofs: ChainProof[];
  let engine: Server;
  let served: readonly RecordedChange[] = [];
  let events: readonly object[] = [];
  const size = (value: bigint) => (Number(value) / 1e8).toFixed(8);
  const dustClosed = {
    ...{ kind: 'dust-closed', at: 8, account: 'bob', market: 'ETH' },
    ...{ size: size(1000n), price: marks[1].toFixed(12) },
  };

  const text = (value: bigint) => `${value / 10n ** 8n}.${String(value % 10n ** 8n).padStart(8, '0')}`;
  /** Changes of the second bar, with these premia of the model. */
  function recorded(risk: bigint, liquidity: bigint): RecordedChange[] {
    const { capital, liquidity: providers, pending } = bars[0].book;
    const pool = {
      capital: String(money(capital * UNIT)),
      liquidity: String(money(providers * UNIT)),
      pending: String(money(pending * UNIT)),
    };
    const whole = { ...event, riskPremium: text(risk), liquidityPremium: text(liquidity) };
    return [
      {
        ...{ sequence: 1, time: 7, kind: 1, ...pool, traded: String(traded) },
        ...{
          riskPremium: String(risk),
          liquidityPremium: String(liquidity),
          charged: String(risk + liquidity),
        },
        changes: [['BTC', String(sizes[1][0]), String(entries[1])]],
        marks: MARKETS.map((name, i) => [name, String(BigInt(Math.round(marks[i] * 1e12)) * 10n ** 6n)]),
        content: hexOf(contentOf(SALT, JSON.stringify(whole))),
      },
      {
        ...{ sequence: 2, time: 8, kind: 0, ...pool, traded: '0' },
        ...{ riskPremium: '0', liquidityPremium: '0', charged: '0' },
        ...{ changes: [['ETH', String(sizes[1][1]), String(entries[2])]], marks: [] },
        content: hexOf(contentOf(SALT, JSON.stringify(dustClosed))),
      },
    ];
  }

  /** The model's premia of the trade: the risk as the circuit has it, the call spread in floats. */
  function premia(): [bigint, bigint] {
    const receipt = new WrittenJournal(opening, recorded(0n, 0n)).receipt({ barEnd: 0, forecastId: 'f' }, 0);
    const { input, unit } = premiumStatement(bars[0], MARKETS, receipt);
    const witness = priceRows(input)[5].map(Number);
    const share = Number(unit) / 1e18;
    const risk = ((witness[11] - witness[10]) / 2 ** 24 / 100) * share;
    const spread = ([side, s]: readonly [typeof input.before, number]) => {
      const net = side.exposures.reduce((sum, value) => sum + value, 0);
      return callSpread(net, side.entry + side.capital, side.liquidity, s / 2 ** 24 / 100).price * share;
    };
    const liquidity = spread([input.after, witness[1]]) - spread([input.before, witness[0]]);
    return [money(Math.max(risk, 0)), money(Math.max(liquidity, 0))];
  }

  function book(i: number, records: readonly RecordedChange[]): Hex {
    const { capital, liquidity, pending } = bars[i].book;
    const pool = {
      capital: money(capital * UNIT),
      liquidity: money(liquidity * UNIT),
      pending: money(pending * UNIT),
      other: 0n,
    };
    const of = [entries[i], i === 0 ? 0n : entries[2], 0n];
    const tree = new MerkleSumTree();
    tree.set('alice', SALT, {
      ...{ cash: 10n ** 10n, shares: 0n },
      positions: MARKETS.map((name, m) => ({ market: name, size: sizes[i][m], entry: of[m], accrual: 0n })),
    });
    const { digest, sums } = tree.commit();
    const { root, leaves } = journalTree(opening, records);
    return encodeBook(
      {
        ...{ digest: hexOf(digest) as Hex, sums: hexOf(sums) as Hex, pool },
        journal: { root: hexOf(root) as Hex, entries: leaves.length },
      },
      MARKETS,
    );
  }

  const publish = (i: number, records: readonly RecordedChange[]) =>
    oracle.oracle('publish', [
      {
        ...{ number: BigInt(i + 1), bar: START + BigInt(i + 1) * BAR, unit: BigInt(UNIT) * 10n ** 18n },
        ...{ before: pricesOf(i), bars: [proofs[i]], book: book(i, records) },
      },
    ]);
  const node = (method: string, ...params: unknown[]) => oracle.client.request({ method, params } as never);

  /** Closing prices of the bar before the i-th, as the oracle keeps their digest. */
  const pricesOf = (i: number) => closes[i].map((price) => priceUnits(decimal(price)));

  /** Publishes the second epoch with these records, and has the engine serve them. */
  async function second(records: readonly RecordedChange[], whole: object): Promise<void> {
    served = records;
    events = [whole, dustClosed];
    await publish(1, records);
    const at = { barEnd: Number(START + 2n * BAR) * 1000, forecastId: 'f' };
    const receipt = {
      ...new WrittenJournal(opening, records).receipt(at, 0),
      event: JSON.stringify(whole),
      salt: hexOf(SALT),
    };
    writeFileSync(receiptFile, JSON.stringify(receipt));
  }

  beforeAll(async () => {
    oracle = await OracleChain.start({ alpha: bars[0].alpha });
    for (const [i, prices] of closes.entries())
      await oracle.holdPrices(START + BigInt(i) * BAR, MARKETS, prices.map(decimal));
    proofs = [];
    for (const bar of bars) proofs.push(chainProof(await prover.prove(barStatement, bar)));
    await oracle.installModel([proofs[0].instances], [MARKETS]);
    await publish(0, []);
    // The part of an engine's API that answers are made from; test/service/engine.spec.ts has the engine's own.
    engine = createServer((request, response) => {
      const entry = /\/entries\/(\d)(\/opening)?$/.exec(request.url!);
      const at = { barEnd: Number(START + 2n * BAR) * 1000, forecastId: 'f' };
      const shown = (index: number, open: boolean) => ({
        ...new WrittenJournal(opening, served).receipt(at, index),
        ...(open ? { event: JSON.stringify(events[index]), salt: hexOf(SALT) } : {}),
      });
      const body = entry === null ? bars[0] : shown(Number(entry[1]), entry[2] !== undefined);
      response.end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => engine.listen(0, '127.0.0.1', resolve));
    process.env.CHAIN_PRIVATE_KEY = SECOND_EMBEDDED_KEY;
  }, 600_000);
  afterAll(async () => {
    delete process.env.CHAIN_PRIVATE_KEY;
    engine?.close();
    await oracle.stop();
    await remove();
    rmSync(directory, { recursive: true, force: true });
  });

  it('that nobody proves in time makes the oracle disputed, and pays the challenger twice', async () => {
    const before = await node('evm_snapshot');
    const [risk, liquidity] = premia();
    expect(risk).toBeGreaterThan(0n);
    await second(recorded(2n * risk, liquidity), {
      ...event,
      riskPremium: text(2n * risk),
      liquidityPremium: text(liquidity),
    });
    const options = { rpc: oracle.url, oracle: oracle.deployment.oracle, deployment: '' };
    const found = await checkReceiptCommand(receiptFile, options);
    expect(found).toMatchObject({
      index: 0,
      entries: 2,
      judged: true,
      status: 'not picked',
      epoch: { number: 2 },
    });
    const challenged = await challengeCommand(receiptFile, options);
    expect(challenged).toMatchObject({ epoch: 2, index: 0, bond: String(10n ** 17n) });
    await expect(challengeCommand(receiptFile, options)).rejects.toThrow('AlreadyPicked(2, 0)');
    expect(await lapseCommand(options)).toEqual({ lapsed: [], collected: '0' });
    await node('evm_increaseTime', 86_402);
    await node('evm_mine');
    expect(await lapseCommand(options)).toEqual({
      lapsed: ['entry 0 of epoch 2'],
      collected: String(10n ** 17n),
    });
    const contract = { address: oracle.deployment.oracle, abi: ORACLE_ABI } as const;
    expect(await oracle.client.readContract({ ...contract, functionName: 'disputed' })).toBe(true);
    const [, fresh] = await oracle.client.readContract({ ...contract, functionName: 'measure' });
    expect(fresh).toBe(false);
    const audit = await auditOracle(oracle.url, oracle.deployment.oracle, prover);
    expect(audit.holds).toBe(false);
    expect(audit.failures.join()).toContain('entry 0 of epoch 2 was not answered for in time');
    await node('evm_revert', before);
  }, 120_000);

  it('is computed on no book that entries without a premium have shaped, but on the governor’s word', async () => {
    const before = await node('evm_snapshot');
    const made = {
      ...{ kind: 'positions-reduced', at: 7, settlementId: 's' },
      reductions: [{ account: 'nobody', ...event.legs[0] }],
    };
    const [first, dust] = recorded(0n, 0n);
    const content = hexOf(contentOf(SALT, JSON.stringify(made)));
    await second([{ ...first, kind: 0, traded: '0', content }, dust], made);
    const options = { rpc: oracle.url, oracle: oracle.deployment.oracle, deployment: '' };
    const bar = new Date(Number(START + 2n * BAR) * 1000).toISOString();
    for (const index of [0, 1]) await challengeCommand(undefined, { ...options, bar, index });
    const { port } = engine.address() as AddressInfo;
    const at = { ...options, engine: `http://127.0.0.1:${port}` };
    // Dust is small; a book that moves otherwise says why, and nobody but the governor vouches for it.
    const refused = await answerCommand(at);
    expect(refused.answered).toEqual(['entry 1 of epoch 2']);
    expect(refused.failed).toMatchObject([
      { entry: 'entry 0 of epoch 2', reason: expect.stringContaining('GroundsMissing(2, 0)') as string },
    ]);
    const shown = await allowEntryCommand({ ...at, bar, index: 0 });
    expect(shown).toMatchObject({ needed: true, allowed: false, event: made });
    await expect(allowEntryCommand({ ...at, bar, index: 0, leaf: hexOf(SALT) })).rejects.toThrow('leaf');
    // The answering key has no role; the governor's is another.
    await expect(allowEntryCommand({ ...at, bar, index: 0, leaf: shown.leaf })).rejects.toThrow(
      'NotTheGovernor',
    );
    process.env.CHAIN_PRIVATE_KEY = oracle.chain.privateKey;
    expect(await allowEntryCommand({ ...at, bar, index: 0, leaf: shown.leaf })).toMatchObject({
      allowed: true,
    });
    process.env.CHAIN_PRIVATE_KEY = SECOND_EMBEDDED_KEY;
    expect(await answerCommand(at)).toMatchObject({ answered: ['entry 0 of epoch 2'], failed: [] });
    const audit = await auditOracle(oracle.url, oracle.deployment.oracle, prover);
    expect(audit.failures).toEqual([]);
    expect(audit.trades).toMatchObject({ answered: 2, allowed: 1, open: 0 });
    await node('evm_revert', before);
  }, 120_000);

  it('is proven by the operator for whoever has challenged it, and a stranger agrees', async () => {
    const [risk, liquidity] = premia();
    await second(recorded(risk, liquidity), {
      ...event,
      riskPremium: text(risk),
      liquidityPremium: text(liquidity),
    });
    const options = { rpc: oracle.url, oracle: oracle.deployment.oracle, deployment: '' };
    await challengeCommand(undefined, {
      ...options,
      bar: new Date(Number(START + 2n * BAR) * 1000).toISOString(),
      index: 0,
    });
    await node('anvil_mine', '0xa');
    const { port } = engine.address() as AddressInfo;
    const done = await answerCommand({
      ...options,
      engine: `http://127.0.0.1:${port}`,
      fund: String(10n ** 17n),
    });
    expect(done.failed).toEqual([]);
    expect(done.drawn).toEqual([2]);
    expect(done.answered).toContain('entry 0 of epoch 2');
    expect((await checkReceiptCommand(receiptFile, options)).status).toBe('answered');
    const stake = await oracle.client.readContract({
      address: oracle.deployment.challenges,
      abi: CHALLENGES_ABI,
      functionName: 'stake',
    });
    expect(stake).toBe(2n * 10n ** 17n);
    const audit = await auditOracle(oracle.url, oracle.deployment.oracle, prover);
    expect(audit.failures).toEqual([]);
    expect(audit.holds).toBe(true);
    expect(audit.trades).toMatchObject({
      entries: 2,
      judged: 2,
      answered: done.answered.length,
      open: 0,
      notDrawn: [],
    });
  }, 600_000);
});
