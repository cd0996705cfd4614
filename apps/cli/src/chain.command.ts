import { type Address, type Hex, isHex, keccak256 } from 'viem';
import { z } from 'zod';
import {
  addressSchema,
  ATTESTOR_ABI,
  type Audit,
  auditOracle,
  type Deployment,
  deployOracle,
  INSTALL_MODEL,
  ORACLE_ABI,
  type PriceTerms,
  signReport,
  Transactor,
} from '#lib/chain';
import { InvalidInputError, parseInput } from '#lib/errors';
import { createProver } from '#lib/proofs';
import { oracleTerms, readDeployment, writeDeployment } from '../../settlement/src/index.js';
import { type ChainOptions, chainOf } from './chain-options.js';
import { engineAnswer } from './engine-answer.js';
import { readJson } from './read-json.js';
import { signer } from './signer.js';

/**
 * Verifies everything an oracle has taken; needs nothing but a node.
 *
 * @throws {UsageError} where nothing says which node or oracle
 */
export async function auditCommand(options: ChainOptions): Promise<Audit> {
  const { rpcUrl, oracle } = chainOf(options);
  const prover = createProver();
  try {
    return await auditOracle(rpcUrl, oracle, prover, (line) => {
      process.stderr.write(`${line}\n`);
    });
  } finally {
    await prover.close();
  }
}

const feedsSchema = z.array(
  z.strictObject({ market: z.string(), aggregator: addressSchema, heartbeat: z.int().positive() }),
);

export interface DeployOptions {
  readonly rpc: string;
  readonly out: string;
  readonly alpha: number;
  readonly delay: number;
  readonly admin?: string;
  readonly governor?: string;
  readonly guardian?: string;
  readonly publisher?: string;
  readonly reporters?: readonly string[];
  readonly quorum?: number;
  readonly feeds?: string;
  readonly custody?: string;
}

/**
 * Deploys the contracts and writes their addresses to a file. Duties that are not named are the signer's, which local chains
 * alone allow.
 *
 * @throws {InvalidInputError} for a text that is no address, or for reporters and feeds together
 */
export async function deployCommand(options: DeployOptions): Promise<Deployment> {
  const account = signer();
  const address = (value: string | undefined, field: string) =>
    value === undefined ? account.address : parseInput(addressSchema, value, field);
  const { admin, governor, guardian, publisher } = options;
  const deployed = await deployOracle(options.rpc, account, oracleTerms(options.alpha, options.delay), {
    duties: {
      admin: address(admin, 'admin'),
      governor: address(governor, 'governor'),
      guardian: address(guardian, 'guardian'),
      publisher: address(publisher, 'publisher'),
    },
    prices: priceTerms(options, account.address),
    ...(options.custody === undefined
      ? {}
      : { custody: parseInput(addressSchema, options.custody, 'custody') }),
  });
  const deployment = { ...deployed, rpcUrl: options.rpc };
  writeDeployment(options.out, deployment);
  return deployment;
}

function priceTerms({ reporters, quorum, feeds }: DeployOptions, signing: Address): PriceTerms {
  if (feeds !== undefined) {
    if (reporters !== undefined)
      throw new InvalidInputError('reporters', 'prices come from reporters or from feeds, not from both');
    return { kind: 'chainlink', feeds: parseInput(feedsSchema, readJson(feeds), feeds) };
  }
  const found = (reporters ?? [signing]).map((text, i) => parseInput(addressSchema, text, `reporters[${i}]`));
  return { kind: 'median', reporters: found, quorum: quorum ?? found.length };
}

/** An engine's answer to `GET /v1/settlements/awaiting`. */
const awaitingSchema = z.looseObject({
  chainId: z.int(),
  oracle: addressSchema,
  model: z
    .looseObject({
      propose: z.custom<Hex>(isHex),
      install: z.custom<Hex>(isHex),
      markets: z.array(z.array(z.string())),
    })
    .nullable(),
  margin: z.looseObject({ digest: z.custom<Hex>(isHex), from: z.int().positive() }).nullable(),
});

/** The governor's decision about a model that waits. */
export interface Governed {
  readonly did: 'nothing' | 'proposed' | 'installed' | 'waits' | 'registered';
  readonly markets?: readonly (readonly string[])[];
  readonly installableAt?: string;
  /** digest of the portfolio margin that was registered, and the time from which it is in force */
  readonly margin?: { readonly digest: Hex; readonly from: string };
}

/**
 * Proposes the model that an engine waits for, or installs it where its delay is over; where no model waits, registers the portfolio
 * margin of the engine's parameters. Signed by the governor's key, which the
 * engine does not have.
 */
export async function governCommand(options: { rpc: string; engine: string }): Promise<Governed> {
  const awaited = parseInput(
    awaitingSchema,
    await engineAnswer(options.engine, '/v1/settlements/awaiting'),
    'engine',
  );
  const { oracle, model, margin } = awaited;
  if (model === null && margin === null) return { did: 'nothing' };
  const transactor = new Transactor(options.rpc, signer());
  if (model === null) {
    const attestor = await transactor.client.readContract({
      ...{ address: oracle, abi: ORACLE_ABI, functionName: 'attestor' },
    });
    const { digest, from } = margin!;
    await transactor.call(attestor, ATTESTOR_ABI, 'registerMargin', [digest, BigInt(from)]);
    return { did: 'registered', margin: { digest, from: new Date(from * 1000).toISOString() } };
  }
  const { client } = transactor;
  const [[digest, installableAt], { timestamp }] = await Promise.all([
    client.readContract({
      ...{ address: oracle, abi: ORACLE_ABI, functionName: 'proposals', args: [INSTALL_MODEL] },
    }),
    client.getBlock({ blockTag: 'latest' }),
  ]);
  const when = new Date(Number(installableAt) * 1000).toISOString();
  const { markets } = model;
  if (digest !== keccak256(model.install)) {
    await transactor.invoke(oracle, model.propose);
    return { did: 'proposed', markets };
  }
  if (installableAt > timestamp) return { did: 'waits', markets, installableAt: when };
  await transactor.invoke(oracle, model.install);
  return { did: 'installed', markets };
}

const ownPricesSchema = z.record(z.string(), z.string().regex(/^\d+(\.\d+)?$/));
const awaitedBarsSchema = z.looseObject({
  bars: z.array(
    z.looseObject({
      bar: z.int(),
      prices: z.array(z.looseObject({ market: z.string(), price: z.string() })),
    }),
  ),
});

/**
 * Signs prices of the bars an engine waits for: the engine's own price where the reporter's is within its band, the
 * reporter's where it is not. Signed by the reporter's key.
 *
 * @throws {InvalidInputError} where the reporter has no price of a market
 */
export async function reportPricesCommand(options: {
  engine: string;
  deployment: string;
  prices: string;
  bar: number;
  band: number;
}): Promise<{ bar: number; reporter: string; differing: readonly string[] }> {
  const own = parseInput(ownPricesSchema, readJson(options.prices), options.prices);
  const { bars } = parseInput(
    awaitedBarsSchema,
    await engineAnswer(options.engine, '/v1/price-reports'),
    'engine',
  );
  const awaited = bars.find(({ bar }) => bar === options.bar);
  if (awaited === undefined) throw new InvalidInputError('bar', `${options.bar} waits for no prices`);
  const { chainId, prices: address } = readDeployment(options.deployment);
  const differing: string[] = [];
  const prices = awaited.prices.map(({ market, price }) => {
    const found = own[market];
    if (found === undefined) throw new InvalidInputError('prices', `have none of ${market}`);
    if (Math.abs(Math.log(Number(found) / Number(price))) <= options.band) return { market, price };
    differing.push(market);
    return { market, price: found };
  });
  const account = signer();
  const report = await signReport(account, { chainId, address }, { bar: BigInt(options.bar), prices });
  const body = {
    bar: options.bar,
    markets: prices.map(({ market }) => market),
    prices: prices.map(({ price }) => price),
    signature: report.signature,
  };
  await engineAnswer(options.engine, '/v1/price-reports', { body });
  return { bar: options.bar, reporter: account.address, differing };
}
