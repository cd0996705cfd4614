import { type AbiParameter, createWalletClient, type Hex, http, size } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  auditOracle,
  chainClient,
  CHAINLINK_SOURCE_ABI,
  chainProof,
  type ChainProof,
  contractArtifact,
  type Deployment,
  deployOracle,
  type EmbeddedChain,
  fromUnits,
  marketBytes,
  modelInstallation,
  NOTHING,
  ORACLE_ABI,
  PRICE_SOURCE_ABI,
  revertReason,
  signReport,
  startEmbeddedChain,
  submission,
  VERIFIER_ABI,
} from '#lib/chain';
import { liquidate, loadSolvers } from '#lib/liquidation';
import {
  type CovarianceInput,
  covarianceRows,
  covarianceStatement,
  dequantise,
  fieldElement,
  liquidationStatement,
  type PricingInput,
  pricingStatement,
} from '#lib/proofs';
import { liabilityRisk } from '#lib/risk';
import { randomCase } from '../support/liquidation-cases.js';
import { randomPricing } from '../support/proof-cases.js';
import { temporaryProver } from '../support/proofs.js';

const BAR = 3600n;
const START = 1_700_000_000n - (1_700_000_000n % BAR);
const UNIT = 2n * 10n ** 18n;
const MARKETS = ['BTC', 'ETH', 'SOL', 'DOGE', 'XRP', 'ADA', 'LTC', 'BNB'];

/** A book of one cluster, over two bars: the second starts where the first ends. */
function twoBars() {
  let seed = 5;
  while (randomPricing(seed, 0.2).clusters.length !== 1) seed++;
  const { clusters, input } = randomPricing(seed, 0.2);
  const [first] = clusters;
  const second: CovarianceInput = {
    ...first,
    variances: covarianceRows(first).nextState.slice(0, first.loadings.length).map(dequantise),
    returns: first.returns.map((value) => -value / 2),
    salts: { ...first.salts, state: first.salts.nextState, nextState: 9.25, risk: 8.125, drift: 7.75 },
  };
  return [first, second].map((cluster): { cluster: CovarianceInput; pricing: PricingInput } => {
    const rows = covarianceRows(cluster);
    const [risk, drift] = [rows.risk, rows.drift].map((row) => row.slice(0, 8).map(dequantise));
    const { salts } = cluster;
    const priced = {
      risk,
      drift,
      riskSalt: salts.risk,
      driftSalt: salts.drift,
      riskAfter: risk,
      riskAfterSalt: salts.risk,
    };
    return { cluster, pricing: { ...input, clusters: [priced], after: input.before } };
  });
}

/** An entry of an ABI without the names of what is inside its structs. */
function signatureOf(item: { type: string; name?: string; inputs?: readonly AbiParameter[] }): string {
  const flat = (parameter: AbiParameter): string =>
    'components' in parameter
      ? `(${parameter.components.map(flat).join()})${parameter.type.slice('tuple'.length)}`
      : parameter.type;
  return `${item.type} ${item.name ?? ''}(${(item.inputs ?? []).map(flat).join()})`;
}

describe('proofs on a chain', () => {
  const { prover, remove } = temporaryProver(2);
  const bars = twoBars();
  const names = MARKETS.slice(0, bars[0].cluster.loadings.length);
  let chain: EmbeddedChain;
  let deployment: Deployment;
  let client: ReturnType<typeof chainClient>;
  let account: ReturnType<typeof privateKeyToAccount>;
  let epochs: { covariance: ChainProof; pricing: ChainProof }[];

  /** What the oracle answers a call: nothing, or why it refuses. */
  async function call(
    functionName: 'publish' | 'propose' | 'installModel' | 'attestLiquidation',
    args: readonly unknown[],
  ) {
    const request = { address: deployment.oracle, abi: ORACLE_ABI, functionName, args } as never;
    try {
      await client.simulateContract({ ...(request as object), account } as never);
    } catch (error) {
      return revertReason(error);
    }
    const wallet = createWalletClient({ account, transport: http(chain.url) });
    const hash = await wallet.writeContract({ ...(request as object), chain: null } as never);
    const { status, gasUsed } = await client.waitForTransactionReceipt({ hash });
    expect(status).toBe('success');
    return Number(gasUsed);
  }

  /** Has the price source hold the markets' prices of a bar. */
  async function holdPrices(bar: bigint, prices: readonly string[]): Promise<void> {
    const { chainId, prices: address } = deployment;
    const quoted = names.map((market, i) => ({ market, price: prices[i] }));
    const report = await signReport(account, { chainId, address }, { bar, prices: quoted });
    const args = submission(bar, names, [report], 1)!;
    const wallet = createWalletClient({ account, transport: http(chain.url) });
    const call = { address, abi: PRICE_SOURCE_ABI, functionName: 'submit', args, chain: null } as const;
    await client.waitForTransactionReceipt({ hash: await wallet.writeContract(call) });
  }

  const epoch = (i: number, change: object = {}) => ({
    number: BigInt(i + 1),
    bar: START + BigInt(i + 1) * BAR,
    unit: UNIT,
    covariances: [epochs[i].covariance],
    pricing: epochs[i].pricing,
    ...change,
  });
  const altered = (proof: ChainProof, at: number): ChainProof => ({
    ...proof,
    instances: proof.instances.with(at, fieldElement(proof.instances[at] + 1n)),
  });

  beforeAll(async () => {
    chain = await startEmbeddedChain({ blockSeconds: 0 });
    account = privateKeyToAccount(chain.privateKey);
    client = chainClient(chain.url);
    deployment = await deployOracle(chain.url, account, {
      alpha: 0.01,
      delaySeconds: 0,
      freshnessSeconds: 2 ** 31,
      margins: { lowest: 0.001, highest: 1, step: 0.05, velocity: 0.002, blocks: 50 },
    });
    epochs = await Promise.all(
      bars.map(async ({ cluster, pricing }) => {
        const [covariance, priced] = await Promise.all([
          prover.prove(covarianceStatement, cluster),
          prover.prove(pricingStatement, pricing),
        ]);
        return { covariance: chainProof(covariance), pricing: chainProof(priced) };
      }),
    );
    const closes = names.map((_, i) =>
      bars.reduce((path, { cluster }) => [...path, path.at(-1)! * Math.exp(cluster.returns[i] / 100)], [100]),
    );
    for (let bar = 0; bar <= bars.length; bar++)
      await holdPrices(
        START + BigInt(bar) * BAR,
        closes.map((path) => path[bar].toFixed(18)),
      );
    const [{ covariance, pricing }] = epochs;
    const model = {
      clusters: [
        { model: covariance.instances[0], state: covariance.instances[1], markets: names.map(marketBytes) },
      ],
      correlation: pricing.instances[12],
      stateBar: START,
      barSeconds: Number(BAR),
    };
    expect(await call('propose', [modelInstallation(model)])).toBeGreaterThan(0);
    expect(await call('installModel', [model])).toBeGreaterThan(0);
  }, 900_000);
  afterAll(async () => {
    await chain.stop();
    await remove();
  });

  it('every deployed contract is one that a chain takes, and the ABI is what the compiler says', async () => {
    for (const address of [
      deployment.oracle,
      deployment.prices,
      deployment.verifier,
      deployment.halo2,
      ...Object.values(deployment.keys),
    ]) {
      const code = await client.getCode({ address });
      expect((code!.length - 2) / 2).toBeLessThan(24_576);
    }
    for (const [name, abi] of [
      ['RiskOracle', ORACLE_ABI],
      ['MedianPriceSource', PRICE_SOURCE_ABI],
      ['ChainlinkPriceSource', CHAINLINK_SOURCE_ABI],
      ['ProofVerifier', VERIFIER_ABI],
    ] as const) {
      const compiled = contractArtifact(name).abi.map(signatureOf);
      for (const item of abi) expect(compiled).toContain(signatureOf(item));
    }
  });

  it('what a cluster that is not there commits to is a constant', async () => {
    expect(fieldElement(await prover.commit(new Array<bigint>(9).fill(0n)))).toBe(NOTHING);
  });

  it('the verifier takes one encoding of a proof, of the length its key says', async () => {
    const { proof, instances } = epochs[0].pricing;
    const key = deployment.keys.pricing;
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
    // What is behind it takes bytes behind a proof: two encodings of one statement.
    expect(await verify(deployment.halo2, longer)).toBe(true);
  });

  it('an altered public value, or another proof’s, is refused', async () => {
    const { covariance, pricing } = epochs[0];
    // Residuals and bounds have room within their tolerances: there the proof itself is what refuses.
    for (const at of [0, 1, 2, 3, 4, 5, 6, 16, 39, 47, 55, 62]) {
      const refusal = await call('publish', [epoch(0, { covariances: [altered(covariance, at)] })]);
      expect(typeof refusal, `covariance ${at}`).toBe('string');
    }
    for (const at of [0, 5, 9, 12, 13, 14, 16, 33, 38, 42, 44, 48, 52, 58, 68]) {
      const refusal = await call('publish', [epoch(0, { pricing: altered(pricing, at) })]);
      expect(typeof refusal, `pricing ${at}`).toBe('string');
    }
    expect(await call('publish', [epoch(0, { covariances: [altered(covariance, 39)] })])).toBe(
      'ProofRefused(0)',
    );
    expect(await call('publish', [epoch(0, { pricing: altered(pricing, 42) })])).toBe('ProofRefused(1)');
    const swapped = { ...covariance, proof: epochs[1].covariance.proof };
    expect(await call('publish', [epoch(0, { covariances: [swapped] })])).toBe('ProofRefused(0)');
    expect(await call('publish', [{ ...epoch(1), number: 1n, bar: START + BAR }])).toMatch(/^ChainBroken/);
  });

  it('takes two bars, the second from the state of the first, and says what float64 says', async () => {
    const gas = await call('publish', [epoch(0)]);
    expect(gas).toBeLessThan(4_000_000);
    expect(await call('publish', [epoch(0)])).toMatch(/^EpochOutOfOrder/);
    expect(await call('publish', [epoch(1)])).toBeLessThan(4_000_000);
    const [measure, fresh] = await client.readContract({
      address: deployment.oracle,
      abi: ORACLE_ABI,
      functionName: 'measure',
    });
    expect(fresh).toBe(true);
    expect(measure.number).toBe(2n);
    expect(measure.chained).toBe(true);
    const { before, clusters, alpha } = bars[1].pricing;
    const s = Math.hypot(...clusters[0].risk);
    const mean = 100 * (before.net - before.entry - before.capital - before.liquidity);
    const exact = liabilityRisk('evar', mean, s, Math.log(alpha)).value;
    expect(Math.abs(fromUnits(measure.upper) - exact)).toBeLessThan(1e-6 * s);
    expect(fromUnits(measure.upper)).toBeGreaterThanOrEqual(exact - 1e-7 * s);
  });

  it('attests a liquidation that was proven optimal, once', async () => {
    const plan = liquidate(randomCase(9, { n: 5 }), await loadSolvers());
    const proof = chainProof(await prover.prove(liquidationStatement, { plan }));
    const id = marketBytes('lq-1');
    expect(await call('attestLiquidation', [id, altered(proof, 38)])).toBe('ProofRefused(0)');
    expect(await call('attestLiquidation', [id, proof])).toBeLessThan(2_500_000);
    expect(await call('attestLiquidation', [id, proof])).toMatch(/^AlreadyAttested/);
    expect(await call('attestLiquidation', [marketBytes('lq-2'), proof])).toMatch(/^AlreadyAttested/);
  }, 300_000);

  it('a stranger verifies all of it from the chain', async () => {
    const audit = await auditOracle(chain.url, deployment.oracle, prover);
    expect(audit.epochs.flatMap(({ failures }) => failures)).toEqual([]);
    expect(audit.liquidations.flatMap(({ failures }) => failures)).toEqual([]);
    expect(audit.failures).toEqual([]);
    expect(audit.holds).toBe(true);
    expect(audit.epochs.map(({ number, chained, proofs }) => ({ number, chained, proofs }))).toEqual([
      { number: 1, chained: false, proofs: 2 },
      { number: 2, chained: true, proofs: 2 },
    ]);
    expect(audit.liquidations).toHaveLength(1);
  }, 60_000);

  it('and finds where it breaks, whatever the chain was made to take', async () => {
    // A verifier that says yes to everything: the oracle takes a proof that is none.
    const yes = '0x600160005260206000f3';
    await client.request({
      method: 'anvil_setCode' as 'eth_chainId',
      params: [deployment.halo2, yes] as never,
    });
    const third = START + 3n * BAR;
    await holdPrices(
      third,
      names.map(() => '100'),
    );
    const { covariance, pricing } = epochs[1];
    const [p0, p1] = await Promise.all(
      [START + 2n * BAR, third].map((bar) =>
        Promise.all(
          names.map((name) =>
            client.readContract({
              address: deployment.prices,
              abi: PRICE_SOURCE_ABI,
              functionName: 'priceAt',
              args: [marketBytes(name), bar],
            }),
          ),
        ),
      ),
    );
    let forged = covariance.instances.with(1, covariance.instances[2]).with(2, 123n);
    names.forEach((_, i) => {
      const change = BigInt(Math.round(100 * (Number(p1[i]) / Number(p0[i]) - 1) * 2 ** 24));
      forged = forged.with(47 + i, fieldElement(change));
    });
    const published = await call('publish', [
      { number: 3n, bar: third, unit: UNIT, covariances: [{ ...covariance, instances: forged }], pricing },
    ]);
    expect(published).toBeGreaterThan(0);
    const audit = await auditOracle(chain.url, deployment.oracle, prover);
    expect(audit.holds).toBe(false);
    expect(audit.failures).toEqual([expect.stringContaining('the verifier behind it at')]);
    expect(audit.epochs.slice(0, 2).flatMap(({ failures }) => failures)).toEqual([]);
    expect(audit.epochs[2].failures).toContainEqual(
      expect.stringContaining('covariance 0: the proof does not verify'),
    );
  }, 60_000);
});
