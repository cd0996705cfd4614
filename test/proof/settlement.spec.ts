// Long because proofs and chain take minutes to make, and all its tests need them.
import { createHash } from 'node:crypto';
import { type AbiParameter, type Hex, size, toHex } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  accountLeaf,
  ATTESTOR_ABI,
  type AttestedPortfolio,
  attestedPortfolio,
  auditOracle,
  BINDING_ABI,
  chainClient,
  CHAINLINK_SOURCE_ABI,
  CHALLENGES_ABI,
  chainProof,
  type ChainProof,
  contractArtifact,
  decodeBook,
  type Deployment,
  encodeBook,
  fromUnits,
  LINEAR_MARGIN,
  marketBytes,
  ORACLE_ABI,
  PRICE_SOURCE_ABI,
  priceUnits,
  VERIFIER_ABI,
} from '#lib/chain';
import {
  checkIncludedAccount,
  hexOf,
  type Holdings,
  includedAccount,
  MerkleSumTree,
  type PoolAmounts,
} from '#lib/commitment';
import { scenariosOf } from '#lib/exchange';
import { liquidate, type LiquidationCase, loadSolvers } from '#lib/liquidation';
import { riskParameters } from '#lib/messages';
import {
  type BarInput,
  barStatement,
  barValues,
  fieldElement,
  LAYOUTS,
  liquidationStatement,
  type MarginAnnex,
  stateNumbers,
} from '#lib/proofs';
import { liabilityRisk } from '#lib/risk';
import {
  type AttestedAccount,
  attestedAccount,
  epochBar,
  marginRegistration,
  registeredMargin,
} from '../../apps/settlement/src/index.js';
import { randomBar, randomSalt } from '../support/factor-cases.js';
import { BAR_SECONDS as BAR, OracleChain, STATE_BAR as START } from '../support/oracle-chain.js';
import { temporaryProver } from '../support/proofs.js';

const UNIT = 2n * 10n ** 18n;
const MARKETS = ['BTC', 'ETH', 'SOL', 'DOGE', 'XRP'];
const FACTORS = 2;
const at = (name: keyof typeof LAYOUTS.bar.values) => LAYOUTS.bar.values[name].first;

/** Sizes that make about the exposures of a random book at these prices, 8 decimals. */
const sizesOf = (exposures: readonly number[], prices: readonly number[]) =>
  exposures.map((share, i) => BigInt(Math.round(((share * Number(UNIT)) / 1e18 / prices[i]) * 1e8)));
const exposuresOf = (sizes: readonly bigint[], prices: readonly number[]) =>
  sizes.map((size, i) => ((Number(size) / 1e8) * prices[i]) / (Number(UNIT) / 1e18));
const moved = (prices: readonly number[], returns: readonly number[]) =>
  prices.map((price, i) => price * Math.exp(returns[i] / 100));

/** Two bars of a book, the same sizes in both: the second starts where the first ends. */
function twoBars(): { bars: [BarInput, BarInput]; sizes: bigint[]; closes: number[][] } {
  const random = randomBar(5, { markets: MARKETS.length, factors: FACTORS });
  const begun = MARKETS.map(() => 100);
  const prices = moved(begun, random.returns);
  const sizes = sizesOf(random.exposures, prices);
  const first = { ...random, exposures: exposuresOf(sizes, prices) };
  const returns = first.returns.map((value) => -value / 2);
  const last = moved(prices, returns);
  const bars: [BarInput, BarInput] = [
    first,
    {
      ...first,
      exposures: exposuresOf(sizes, last),
      state: stateNumbers(barValues(first).after, FACTORS, MARKETS.length),
      stateSalt: first.nextStateSalt,
      nextStateSalt: randomSalt(),
      returns,
    },
  ];
  return { bars, sizes, closes: MARKETS.map((_, i) => [begun[i], prices[i], last[i]]) };
}

/** A book of three accounts, one a provider, whose positions add up to these sizes; changed before it is committed to. */
function committedBook(
  { book }: BarInput,
  sizes: readonly bigint[],
  change: (holdings: Map<string, Holdings>) => void = () => undefined,
  altered: Partial<PoolAmounts> = {},
) {
  const money = (share: number) => BigInt(Math.round((share * Number(UNIT)) / 1e10));
  const position = (i: number, size: bigint, entry = 0n) => ({
    market: MARKETS[i],
    size,
    entry,
    accrual: 7n,
  });
  const holdings = new Map<string, Holdings>([
    ['alice', { cash: 10n ** 10n, shares: 0n, positions: sizes.map((size, i) => position(i, 2n * size)) }],
    [
      'bob',
      {
        ...{ cash: -5n, shares: 0n },
        positions: sizes.map((size, i) => position(i, -size, i === 0 ? money(book.entry) : 0n)),
      },
    ],
    ['lp', { cash: 0n, shares: 10n ** 9n, positions: [] }],
  ]);
  change(holdings);
  const tree = new MerkleSumTree();
  for (const [account, held] of holdings) tree.set(account, saltOf(account), held);
  const commitment = tree.commit();
  const pool = {
    capital: money(book.capital),
    liquidity: money(book.liquidity),
    pending: money(book.pending),
    other: 3n,
    ...altered,
  };
  const opened = {
    ...{ digest: hexOf(commitment.digest) as Hex, sums: hexOf(commitment.sums) as Hex, pool },
    journal: { root: `0x${'00'.repeat(32)}` as const, entries: 0 },
  };
  const at = { barEnd: Number(START + BAR) * 1000, forecastId: 'f', pool };
  return {
    encoded: encodeBook(opened, MARKETS),
    inclusion: (account: string) => includedAccount(at, [tree.inclusion(account)!]),
  };
}
const saltOf = (account: string) => createHash('sha256').update(account).digest();

/** Adds an account with the positions of a case, and another that has the opposite: sums of the exposures stay as they are. */
const withCase =
  (name: string, { collateral, positions }: LiquidationCase, other = 'counterparty') =>
  (holdings: Map<string, Holdings>) => {
    const held = (side: bigint) =>
      positions.map(({ market, size, entryNotional }) => ({
        market,
        size: side * BigInt(Math.round(size * 1e8)),
        entry: side * BigInt(Math.round(entryNotional * 1e8)),
        accrual: 0n,
      }));
    // 0.5 of the cash was owed as funding when the plan was made.
    holdings.set(name, {
      ...{ cash: BigInt(Math.round(collateral * 1e8)) + 50_000_000n, shares: 0n },
      positions: held(1n),
    });
    holdings.set(other, { cash: 10n ** 12n, shares: 0n, positions: held(-1n) });
  };

/** An account below its margin, in three of the markets, at the bar's variances and these prices. */
function caseOf(input: BarInput, prices: readonly number[]): LiquidationCase {
  const { model, variances } = barValues(input);
  const D = variances[0].map((value) => Number(value) / 2 ** 48);
  const unit = model.unit.map((value) => Number(value) / 2 ** 24 / 100);
  const share = (i: number, j: number) =>
    input.tailFactor ** 2 *
    unit[i] *
    unit[j] *
    (model.loadings.reduce((sum, row, k) => sum + (Number(row[i] * row[j]) / 2 ** 32) * D[k], 0) +
      (i === j ? D[model.loadings.length + i] : 0));
  const held = [0, 2, 3];
  const sizes = held.map((i) => Math.round((1e4 * 1e8) / prices[i]) / 1e8);
  const covariance = held.flatMap((i) => held.map((j) => prices[i] * prices[j] * share(i, j)));
  const book = sizes.map((size, i) => size * (i === 1 ? -2 : 3));
  const withBook = held.map((_, i) => book.reduce((sum, size, j) => sum + size * covariance[i * 3 + j], 0));
  return {
    collateral: 200,
    positions: held.map((i, place) => ({
      market: MARKETS[i],
      size: sizes[place],
      price: prices[i],
      entryNotional: sizes[place] * prices[i],
      maintenanceRate: 0.03,
      initialRate: 0.05,
    })),
    pool: {
      mean: -50_000,
      variance: 1.5 * book.reduce((sum, size, i) => sum + size * withBook[i], 0),
      covarianceWithBook: withBook,
      covariance,
    },
    alpha: 0.01,
  };
}

/** Parameters with every term of portfolio margin. */
const PARAMETERS = riskParameters.parse({
  margin: {
    depths: { BTC: 2e6, SOL: 5e5 },
    worstHours: { BTC: 0.1, SOL: 0.19 },
    clusters: { large: ['BTC', 'SOL'] },
    jointHours: [{ BTC: -0.08, ETH: -0.1, SOL: -0.16, DOGE: -0.2, XRP: -0.1 }],
    floors: {
      default: {
        initial: [
          { above: 0, rate: 0.01 },
          { above: 6000, rate: 0.03 },
        ],
        maintenance: [{ above: 0, rate: 0.005 }],
      },
      markets: {},
    },
  },
});

/** The same account below its portfolio margin, one position of it short. @param capital P + L, money */
function portfolioCase(input: BarInput, prices: readonly number[], capital: number): LiquidationCase {
  const given = caseOf(input, prices);
  const { margin } = PARAMETERS;
  const markets = [...MARKETS].sort();
  const n = given.positions.length;
  const prices_ = given.positions.map(({ price }) => price);
  return {
    ...given,
    collateral: 1500,
    positions: given.positions.map((position, i) => ({
      ...position,
      size: (i === 1 ? -0.5 : 1) * position.size,
      entryNotional: (i === 1 ? -0.5 : 1) * position.entryNotional,
      maintenanceRate: 0.005,
      initialRate: 0.01,
      tiers: [{ above: 6000, maintenanceRate: 0.005, initialRate: 0.03 }],
      ...(margin.depths[position.market] === undefined ? {} : { depth: margin.depths[position.market] }),
    })),
    portfolio: {
      alpha: margin.tailProbability,
      // An hour of the horizon of 24, without the tail factor.
      covariance: given.pool.covariance.map(
        (entry, at) => entry / (24 * input.tailFactor ** 2) / (prices_[Math.floor(at / n)] * prices_[at % n]),
      ),
      scenarios: scenariosOf(margin, markets)
        .map(({ name, shocks }) => ({
          name,
          shocks: given.positions.map(({ market }) => shocks[markets.indexOf(market)]),
        }))
        .filter(({ shocks }) => shocks.some((shock) => shock !== 0)),
      absorbable: margin.absorbableShare * capital,
    },
  };
}

/** An entry of an ABI without the names of its structs' fields. */
function signatureOf(item: { type: string; name?: string; inputs?: readonly AbiParameter[] }): string {
  const flat = (parameter: AbiParameter): string =>
    'components' in parameter
      ? `(${parameter.components.map(flat).join()})${parameter.type.slice('tuple'.length)}`
      : parameter.type;
  return `${item.type} ${item.name ?? ''}(${(item.inputs ?? []).map(flat).join()})`;
}

describe('proofs on a chain', () => {
  const { prover, remove } = temporaryProver(2);
  const { bars, sizes, closes } = twoBars();
  const names = MARKETS;
  /** Marks in the bar after the second epoch, and the account that is liquidated at them. */
  const marks = closes.map((path) => Number((path[2] * 1.01).toFixed(12)));
  const given = caseOf(bars[1], marks);
  const { capital, liquidity } = bars[1].book;
  const netted = portfolioCase(bars[1], marks, ((capital + liquidity) * Number(UNIT)) / 1e18);
  const books = [
    committedBook(bars[0], sizes),
    committedBook(bars[1], sizes, (held) => {
      withCase('carol', given)(held);
      withCase('dora', netted, 'doras')(held);
    }),
  ] as const;
  let oracle: OracleChain;
  let deployment: Deployment;
  let client: ReturnType<typeof chainClient>;
  let proofs: ChainProof[];

  /** Gas of a call, or the reason for its refusal. */
  const call = (functionName: 'publish' | 'attestLiquidation', args: readonly unknown[]) =>
    functionName === 'publish'
      ? oracle.ask(functionName, args)
      : oracle.call(deployment.attestor, ATTESTOR_ABI, functionName, args);

  /** Closing prices of the i-th bar, from the one before the first. */
  const pricesOf = (i: number) => closes.map((path) => priceUnits(path[i].toFixed(18)));
  const epoch = (i: number, change: object = {}) => ({
    number: BigInt(i + 1),
    bar: START + BigInt(i + 1) * BAR,
    unit: UNIT,
    before: pricesOf(i),
    bars: [proofs[i]],
    book: books[i].encoded,
    ...change,
  });
  const holdMarks = (time: bigint) =>
    oracle.holdPrices(
      time,
      names,
      marks.map((price) => price.toFixed(18)),
    );
  /** The second epoch's proven values. */
  const secondBar = () => {
    const payload = {
      barEnd: Number(START + 2n * BAR) * 1000,
      barMs: Number(BAR) * 1000,
      bars: [{ jobId: 'bar', markets: names }],
    };
    return epochBar(2, { payload: payload as never, bars: [proofs[1]] });
  };
  /** A plan as settlement keeps it, priced at a time. */
  const storedPlan = (time: bigint, positions: LiquidationCase['positions'], collateral: number) => ({
    ...{ epochId: '', at: Number(time) * 1000 - 400, positions, collateral },
  });
  const altered = (proof: ChainProof, index: number): ChainProof => ({
    ...proof,
    instances: proof.instances.with(index, fieldElement(proof.instances[index] + 1n)),
  });

  beforeAll(async () => {
    oracle = await OracleChain.start();
    ({ client, deployment } = oracle);
    proofs = [];
    for (const input of bars) proofs.push(chainProof(await prover.prove(barStatement, input)));
    for (let bar = 0; bar <= bars.length; bar++)
      await oracle.holdPrices(
        START + BigInt(bar) * BAR,
        names,
        closes.map((path) => path[bar].toFixed(18)),
      );
    await oracle.installModel([proofs[0].instances], [names]);
  }, 900_000);
  afterAll(async () => {
    await oracle.stop();
    await remove();
  });

  it('every deployed contract is one that a chain takes, and the ABI is what the compiler says', async () => {
    for (const address of [
      deployment.oracle,
      deployment.attestor,
      deployment.prices,
      deployment.binding,
      deployment.challenges,
      deployment.verifier,
      deployment.halo2,
      deployment.barVerifier,
      ...Object.values(deployment.keys),
    ]) {
      const code = await client.getCode({ address });
      expect((code!.length - 2) / 2).toBeLessThan(24_576);
    }
    for (const [name, abi] of [
      ['RiskOracle', ORACLE_ABI],
      ['LiquidationAttestor', ATTESTOR_ABI],
      ['BookBinding', BINDING_ABI],
      ['PremiumChallenges', CHALLENGES_ABI],
      ['MedianPriceSource', PRICE_SOURCE_ABI],
      ['ChainlinkPriceSource', CHAINLINK_SOURCE_ABI],
      ['ProofVerifier', VERIFIER_ABI],
    ] as const) {
      const compiled = contractArtifact(name).abi.map(signatureOf);
      for (const item of abi) expect(compiled).toContain(signatureOf(item));
    }
  });

  it('the verifier takes one encoding of a proof, of the length its key says', async () => {
    const { proof, instances } = proofs[0];
    const key = deployment.keys.bar;
    const door = { address: deployment.verifier, abi: VERIFIER_ABI } as const;
    const length = await client.readContract({ ...door, functionName: 'proofLength', args: [key] });
    expect(length).toBe(BigInt(size(proof)));
    const verify = (address: Hex, bytes: Hex) =>
      client
        .readContract({
          address,
          abi: VERIFIER_ABI,
          functionName: 'verifyProof',
          args: [key, bytes, instances],
        })
        .catch(() => false);
    const longer: Hex = `${proof}${'00'.repeat(32)}`;
    expect(await verify(deployment.verifier, proof)).toBe(true);
    expect(await verify(deployment.verifier, longer)).toBe(false);
    // The verifier itself takes bytes behind a proof: two encodings of one statement.
    expect(await verify(deployment.halo2, longer)).toBe(true);
  });

  it('every altered public value, and another proof’s, is refused', async () => {
    // Residuals and bounds have room within their tolerances: there the proof itself refuses.
    for (const [name, { first, length }] of Object.entries(LAYOUTS.bar.values)) {
      for (const index of new Set([first, first + length - 1])) {
        const refusal = await call('publish', [epoch(0, { bars: [altered(proofs[0], index)] })]);
        expect(typeof refusal, `${name} ${index}`).toBe('string');
      }
    }
    for (const name of ['variances', 'upper', 'residualRate', 'funding', 'partialFactors'] as const)
      expect(await call('publish', [epoch(0, { bars: [altered(proofs[0], at(name))] })]), name).toBe(
        'ProofRefused(0)',
      );
    const swapped = { ...proofs[0], proof: proofs[1].proof };
    expect(await call('publish', [epoch(0, { bars: [swapped] })])).toBe('ProofRefused(0)');
    expect(await call('publish', [{ ...epoch(1), number: 1n, bar: START + BAR }])).toMatch(/^ChainBroken/);
  }, 120_000);

  it('a book that is not what is proven is refused, whatever is forged of it', async () => {
    const publish = (book: Hex) => call('publish', [epoch(0, { book })]);
    const forged = (...of: [((holdings: Map<string, Holdings>) => void)?, Partial<PoolAmounts>?]) =>
      publish(committedBook(bars[0], sizes, ...of).encoded);
    const part = (account: string, change: (held: Holdings) => Partial<Holdings>) =>
      forged((holdings) => {
        const held = holdings.get(account)!;
        holdings.set(account, { ...held, ...change(held) });
      });
    // Left out: an account, a position. Invented: an account that hides another's position.
    expect(await forged((holdings) => holdings.delete('bob'))).toMatch(/^ExposureDiffers/);
    expect(await part('alice', ({ positions }) => ({ positions: positions.slice(1) }))).toMatch(
      /^ExposureDiffers/,
    );
    expect(
      await forged((holdings) => {
        const { positions } = holdings.get('alice')!;
        const against = { ...positions[2], size: -positions[2].size, entry: 0n };
        holdings.set('nobody', { cash: 0n, shares: 0n, positions: [against] });
      }),
    ).toMatch(/^ExposureDiffers/);
    const entry = (held: Holdings) => ({
      positions: held.positions.map((position) => ({ ...position, entry: position.entry + 100n })),
    });
    expect(await part('bob', entry)).toMatch(/^EntryDiffers/);
    // P, L and pending amounts by a millionth of the unit.
    const more = committedBook(bars[0], sizes);
    const { pool } = decodeBook(more.encoded);
    for (const [field, error] of [
      ['capital', /^CapitalDiffers/],
      ['liquidity', /^LiquidityDiffers/],
      ['pending', /^PendingDiffers/],
    ] as const)
      for (const by of [-200n, 200n])
        expect(await forged(undefined, { [field]: pool[field] + by }), field).toMatch(error);
    expect(typeof (await publish('0x'))).toBe('string');
    expect(typeof (await publish(more.encoded.slice(0, -64) as Hex))).toBe('string');
  }, 120_000);

  it('takes two bars, the second from the state of the first, and says what float64 says', async () => {
    const gas = [await call('publish', [epoch(0)])];
    expect(await call('publish', [epoch(0)])).toMatch(/^EpochOutOfOrder/);
    expect(await call('publish', [epoch(1, { before: pricesOf(2) })])).toBe('ClosesDiffer()');
    gas.push(await call('publish', [epoch(1)]));
    expect(Math.max(...gas.map(Number))).toBeLessThan(2_400_000);
    const [measure, fresh] = await client.readContract({
      address: deployment.oracle,
      abi: ORACLE_ABI,
      functionName: 'measure',
    });
    expect(fresh).toBe(true);
    expect(measure.number).toBe(2n);
    expect(measure.chained).toBe(true);
    const { exposures, book, alpha, tailFactor } = bars[1];
    const s = (tailFactor * Number(barValues(bars[1]).s)) / 2 ** 24;
    const net = exposures.reduce((sum, x) => sum + x, 0);
    const mean = 100 * (net - book.entry - book.capital - book.liquidity);
    const exact = liabilityRisk('evar', mean, s, Math.log(alpha)).value;
    expect(Math.abs(fromUnits(measure.upper) / exact - 1)).toBeLessThan(1e-4);
  });

  it('everybody finds themselves under the root that the chain keeps, with what they hold', async () => {
    const { inclusion } = committedBook(bars[0], sizes);
    const root = await client.readContract({
      ...{ address: deployment.binding, abi: BINDING_ABI, functionName: 'rootOf' },
      args: [deployment.oracle, 1n],
    });
    for (const account of ['alice', 'bob', 'lp']) {
      const { holdings, totals } = checkIncludedAccount(inclusion(account), root);
      expect(holdings.map((leaf) => leaf.account)).toEqual([account]);
      expect(totals.accounts).toBe(3n);
    }
    const { holdings } = checkIncludedAccount(inclusion('alice'), root);
    expect(holdings[0].holds.markets.map(({ long, short }) => long - short).toSorted()).toEqual(
      sizes.map((size) => 2n * size).toSorted(),
    );
    // Another book of the same sums, in which alice is somebody else.
    const renamed = committedBook(bars[0], sizes, (held) => {
      held.set('mallory', held.get('alice')!);
      held.delete('alice');
    });
    expect(() => checkIncludedAccount(renamed.inclusion('mallory'), root)).toThrow('does not lead');
    const { epochs } = await auditOracle(oracle.url, deployment.oracle, prover);
    expect(epochs[0]).toMatchObject({ bound: true, root });
  }, 120_000);

  it('attests a liquidation at prices held with variances proven, once', async () => {
    const time = START + 2n * BAR + 90n;
    await holdMarks(time);
    const plan = liquidate(given, await loadSolvers());
    expect(plan.outcome).toBe('partial');
    const proof = chainProof(await prover.prove(liquidationStatement, { plan }));
    const bar = secondBar();
    const { positions } = plan.case;
    const stored = storedPlan(time, positions, given.collateral);
    const leaf = books[1].inclusion('carol');
    const account_ = attestedAccount(stored, bar, leaf);
    expect(account_.owed).toBe(50_000_000n);
    const id = marketBytes('lq-1');
    const objective = LAYOUTS.liquidation.values.objective.first;
    const attest = (plan_: string, of: object, whose: object, made: ChainProof) =>
      call('attestLiquidation', [plan_, of, whose, made, LINEAR_MARGIN]);
    expect(await attest(id, bar, account_, altered(proof, objective))).toBe('ProofRefused()');
    expect(await attest(id, { ...bar, number: 1n }, account_, proof)).toMatch(/^NotProvenSo/);
    expect(await attest(id, bar, { ...account_, time: time + 1n }, proof)).toMatch(/^PriceUnknown/);
    expect(await attest(id, bar, { ...account_, places: [0, 2, 4] }, proof)).toMatch(/^PositionNotInLeaf/);
    // Accounts that are in no book, in another epoch's, or hold something else there.
    const claimed = (whose: AttestedAccount['leaf']) => attest(id, bar, { ...account_, leaf: whose }, proof);
    const own = account_.leaf;
    expect(await claimed({ ...own, account: toHex('mallory') })).toMatch(/^NotInTheBook/);
    const invented = committedBook(bars[1], sizes, withCase('mallory', given)).inclusion('mallory');
    expect(await claimed(accountLeaf(invented))).toMatch(/^NotInTheBook/);
    const richer = committedBook(bars[1], sizes, withCase('carol', { ...given, collateral: 300 }));
    expect(await claimed(accountLeaf(richer.inclusion('carol')))).toMatch(/^NotInTheBook/);
    expect(await claimed(accountLeaf(books[1].inclusion('alice')))).toMatch(/^PositionsDiffer/);
    expect(await claimed(accountLeaf(books[1].inclusion('counterparty')))).toMatch(/^DeficitDiffers/);
    expect(await claimed(accountLeaf(books[0].inclusion('alice')))).toMatch(/^NotInTheBook/);
    expect(await attest(id, bar, { ...account_, rows: account_.rows.toReversed() }, proof)).toMatch(
      /^PositionNotInLeaf/,
    );
    // More funding owed than the plan was made with: the leaf would leave a larger deficit.
    expect(await attest(id, bar, { ...account_, owed: account_.owed + 10n ** 8n }, proof)).toMatch(
      /^DeficitDiffers/,
    );
    expect(await attest(id, bar, { ...account_, owed: 10n ** 12n }, proof)).toMatch(/^OwedTooMuch/);
    // The settlement does not send what has changed since the book.
    const [first, ...others] = positions;
    const smaller = { ...stored, positions: [{ ...first, size: first.size / 2 }, ...others] };
    expect(() => attestedAccount(smaller, bar, leaf)).toThrow('has changed since');
    expect(() => attestedAccount({ ...stored, positions: others }, bar, leaf)).toThrow('has 3 positions');
    expect(await attest(id, bar, account_, proof)).toBeLessThan(2_500_000);
    expect(await attest(id, bar, account_, proof)).toMatch(/^AlreadyAttested/);
    expect(await attest(marketBytes('lq-2'), bar, account_, proof)).toMatch(/^AlreadyAttested/);
  }, 300_000);

  it('attests a liquidation under the portfolio margin in force, and none under another', async () => {
    const time = START + 2n * BAR + 1800n;
    await holdMarks(time);
    const plan = liquidate(netted, await loadSolvers());
    expect(plan.outcome).toBe('partial');
    const document = await prover.prove(liquidationStatement, { plan });
    expect((await prover.verify(liquidationStatement, document)).failures).toEqual([]);
    const annex = document.annex as MarginAnnex;
    expect(annex.weights.length).toBeGreaterThan(0);
    const proof = chainProof(document);
    const bar = secondBar();
    const { positions } = plan.case;
    const stored = storedPlan(time, positions, netted.collateral);
    const account_ = attestedAccount(stored, bar, books[1].inclusion('dora'));
    const margin = registeredMargin(PARAMETERS, names)!;
    const portfolio = attestedPortfolio(
      annex,
      margin,
      positions.map(({ market }) => market),
      decodeBook(books[1].encoded).pool,
    );
    const attest = (beside: AttestedPortfolio, made = proof) =>
      call('attestLiquidation', [marketBytes('lq-3'), bar, account_, made, beside]);
    expect(await attest(portfolio)).toMatch(/^OtherMarginInForce/);
    const { digest } = marginRegistration(margin, time - 600n);
    const registering = await oracle.call(deployment.attestor, ATTESTOR_ABI, 'registerMargin', [
      digest,
      time - 600n,
    ]);
    expect(registering).toEqual(expect.any(Number));
    // Linear margin, at rates of the operator's choice.
    expect(await attest(LINEAR_MARGIN)).toMatch(/^OtherMarginInForce/);
    const { tangent } = portfolio;
    const differently = (change: Partial<AttestedPortfolio['tangent']>) =>
      attest({ ...portfolio, tangent: { ...tangent, ...change } });
    expect(await differently({ weights: tangent.weights.map((weight) => weight / 2n) })).toMatch(
      /^ReliefDiffers/,
    );
    expect(await differently({ penaltyRate: 1000 })).toMatch(/^ReliefDiffers/);
    expect(await differently({ absorbable: 3n * tangent.absorbable })).toMatch(/^CapacityDiffers/);
    expect(await differently({ evarFactor: (tangent.evarFactor * 101n) / 100n })).toMatch(
      /^EvarFactorDiffers/,
    );
    // A market's scenarios are not the operator's word.
    const [first, ...others] = portfolio.markets;
    const worse = { ...first, shocks: `0x80${first.shocks.slice(4)}` as const };
    expect(await attest({ ...portfolio, markets: [worse, ...others] })).toMatch(/^MarketNotRegistered/);
    const objective = LAYOUTS.liquidation.values.objective.first;
    expect(await attest(portfolio, altered(proof, objective))).toBe('ProofRefused()');
    const gas = await attest(portfolio);
    expect(gas).toBeLessThan(2_700_000);
    process.stderr.write(
      `attested under portfolio margin (${(first.shocks.length - 2) / 8} scenarios, ${positions.length} positions): ${gas} gas\n`,
    );
    expect(await attest(portfolio)).toMatch(/^AlreadyAttested/);
  }, 300_000);

  it('a stranger verifies all of it from the chain', async () => {
    const audit = await auditOracle(oracle.url, deployment.oracle, prover);
    expect(audit.epochs.flatMap(({ failures }) => failures)).toEqual([]);
    expect(audit.liquidations.flatMap(({ failures }) => failures)).toEqual([]);
    expect(audit.failures).toEqual([]);
    expect(audit.holds).toBe(true);
    expect(audit.epochs.map(({ number, chained, proofs }) => ({ number, chained, proofs }))).toEqual([
      { number: 1, chained: false, proofs: 1 },
      { number: 2, chained: true, proofs: 1 },
    ]);
    expect(audit.liquidations).toHaveLength(2);
  }, 60_000);

  it('and finds where it breaks, whatever the chain was made to take', async () => {
    // A verifier that says yes to everything: the oracle takes a proof that is none.
    const yes = '0x600160005260206000f3';
    await client.request({
      method: 'anvil_setCode' as 'eth_chainId',
      params: [deployment.barVerifier, yes] as never,
    });
    const third = START + 3n * BAR;
    await oracle.holdPrices(
      third,
      names,
      closes.map((path, i) => (path[2] * Math.exp(bars[1].returns[i] / 100)).toFixed(18)),
    );
    const [, { instances }] = proofs;
    const forged = {
      ...proofs[1],
      instances: instances
        .with(at('stateCommitment'), instances[at('nextStateCommitment')])
        .with(at('nextStateCommitment'), 123n),
    };
    // The accounts have nothing at these prices: the binding is silenced as well, and is itself again for the audit.
    const binding = await client.readContract({
      address: deployment.oracle,
      abi: ORACLE_ABI,
      functionName: 'binding',
    });
    const setCode = (code: Hex) =>
      client.request({ method: 'anvil_setCode' as 'eth_chainId', params: [binding, code] as never });
    const bound = (await client.getCode({ address: binding }))!;
    await setCode('0x00');
    const published = await call('publish', [
      { ...epoch(1), number: 3n, bar: third, before: pricesOf(2), bars: [forged] },
    ]);
    await setCode(bound);
    expect(published).toEqual(expect.any(Number));
    const audit = await auditOracle(oracle.url, deployment.oracle, prover);
    expect(audit.holds).toBe(false);
    expect(audit.failures).toEqual([expect.stringContaining('the verifier of bars at')]);
    expect(audit.epochs.slice(0, 2).flatMap(({ failures }) => failures)).toEqual([]);
    expect(audit.epochs[2].failures).toContainEqual(expect.stringContaining('the proof does not verify'));
    expect(audit.firstBreak?.block).toBe(audit.epochs[2].block);
    expect(audit.firstBreak?.what).toMatch(/^epoch 3: the proof does not verify/);
  }, 60_000);
});
