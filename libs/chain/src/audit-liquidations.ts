import { hexToString, type Hex } from 'viem';
import { bookRoot, bytesOf, hexOf, includedIn, totalsOf } from '#lib/commitment';
import { messageOf } from '#lib/errors';
import { LARGEST_ACCOUNT, liquidationStatement, quantise, signedInteger } from '#lib/proofs';
import { type Attestation, type AuditedChain, label } from './audit-chain.js';
import { marketBytes, publicValue } from './encoding.js';
import { attestedAnnex } from './portfolio-margin.js';
import { marginFailures } from './audit-margins.js';
import { decodeBook } from './book-commitment.js';
import type { ProvenBar } from './proven-bar.js';
import type { PublishedEpoch } from './published-epoch.js';

export interface AuditedLiquidation {
  readonly plan: Hex;
  readonly block: number;
  readonly transaction: Hex;
  readonly proves: string;
  readonly failures: readonly string[];
}

/** Where a liquidation was attested. */
export interface AttestedEvent {
  readonly transaction: Hex;
  readonly block: bigint;
  readonly plan: Hex;
  readonly digest: Hex;
}

/** Largest relative change of a variance by rounding a declared model, and a unit of a share squared in percent² of 2^−152: the attestor's own. */
const VARIANCE_SHIFT = 10n;
const UNIT = (10n ** 4n) << 128n;
/** 8 decimals to 18 */
const MONEY = 10n ** 10n;
/** The attestor's own: funding and reservations are at most 2^−7 of the notional, a penalty at most a hundredth; rounding in units of 2^−24. */
const OWED_SHIFT = 7n;
const PENALTY = 100n;
const ROUNDING = 32n;

/** Epochs that were published before: their proven values, their calls and the roots of their books, by number. */
export interface EarlierEpochs {
  readonly proven: ReadonlyMap<number, ProvenBar>;
  readonly published: ReadonlyMap<number, PublishedEpoch>;
  readonly roots: ReadonlyMap<number, Hex | null>;
}

/** An attested liquidation: its proof, its α, its account's leaf, the prices and variances it rests on. */
export async function auditLiquidation(
  chain: AuditedChain,
  epochs: EarlierEpochs,
  { transaction, block, plan, digest }: AttestedEvent,
): Promise<AuditedLiquidation> {
  const attestation = await chain.attested(transaction, digest);
  const [said, bar, account, proof, portfolio] = attestation;
  const held = await accountOf(chain, attestation);
  const linear = portfolio.markets.length === 0;
  const annex =
    linear || account.unit === 0n
      ? undefined
      : attestedAnnex(portfolio, account.unit, (held.equity << 24n) / account.unit, held.sides);
  const { values, reasons } = await chain.verify(liquidationStatement, proof, annex);
  const failures = [...reasons];
  if (said !== plan) failures.push('its plan is not the one that was attested');
  if (values !== undefined && quantise(values.budget, 'budget') !== chain.budget)
    failures.push('its α is not the oracle’s');
  const number = Number(bar.number);
  const known = epochs.proven.get(number);
  if (known === undefined || !isProven(bar, known))
    failures.push(`its values of epoch ${bar.number} are not the proven ones`);
  failures.push(...leafFailures(attestation, epochs.published.get(number), epochs.roots.get(number)));
  failures.push(...held.failures, ...(await marginFailures(chain, attestation)));
  if (linear) failures.push(...deficitFailures(account, proof, held.equity));
  return {
    ...{ plan, block: Number(block), transaction },
    ...{ proves: values?.proves ?? 'nothing', failures },
  };
}

function isProven(bar: ProvenBar, known: ProvenBar): boolean {
  const equal = <T>(a: readonly T[], b: readonly T[]) =>
    a.length === b.length && a.every((value, i) => value === b[i]);
  return (
    bar.bar === known.bar &&
    bar.barSeconds === known.barSeconds &&
    bar.tailFactor === known.tailFactor &&
    equal(bar.markets, known.markets) &&
    equal(bar.variances, known.variances)
  );
}

/** Why an account is not the one in its epoch's book. */
function leafFailures(
  [, , { leaf }]: Attestation,
  epoch: PublishedEpoch | undefined,
  root: Hex | null | undefined,
): string[] {
  if (epoch === undefined || !root) return ['its epoch’s book is bound to no accounts'];
  try {
    const found = includedIn({
      ...{ account: hexToString(leaf.account), salt: bytesOf(leaf.salt), index: Number(leaf.index) },
      sums: bytesOf(leaf.sums),
      path: leaf.path.map(({ digest, sums }) => ({ digest: bytesOf(digest), sums: bytesOf(sums) })),
    });
    const { pool } = decodeBook(epoch.book);
    return hexOf(bookRoot(found, pool)) === root ? [] : ['its account is not in its epoch’s book'];
  } catch (error) {
    return [`its account’s leaf cannot be read: ${messageOf(error)}`];
  }
}

/** The positions of a leaf, by their place in it. */
function heldIn(sums: Hex): { readonly cash: bigint; readonly markets: readonly Held[] } {
  const { cash, debt, markets } = totalsOf(bytesOf(sums));
  return {
    cash: cash - debt,
    markets: markets.map(({ market, long, short, entry }) => ({
      ...{ market: marketBytes(market), size: long - short, entry },
    })),
  };
}

interface Held {
  readonly market: Hex;
  readonly size: bigint;
  readonly entry: bigint;
}

/**
 * An account at the prices held: its equity, 18 decimals, the side of each position, and why its positions are not its leaf's, its
 * notionals not at these prices, or its variances not the proven ones.
 */
async function accountOf(
  chain: AuditedChain,
  [, bar, account, proof]: Attestation,
): Promise<{ failures: string[]; equity: bigint; sides: (1 | -1)[] }> {
  const { time, unit, places, rows, owed, leaf } = account;
  const failures: string[] = [];
  if (time < bar.bar || time > bar.bar + BigInt(bar.barSeconds))
    failures.push(`its marks of ${time} are not of the bar after ${bar.bar}`);
  if (unit === 0n) failures.push('its unit is 0');
  if (new Set(places).size !== places.length) failures.push('a market is there twice');
  const held = heldIn(leaf.sums);
  if (places.length !== held.markets.length || rows.length !== held.markets.length)
    failures.push('its positions are not all of its account’s');
  const kappa = (bar.tailFactor * bar.tailFactor) >> 24n;
  let equity = (held.cash - owed) * MONEY;
  const sides: (1 | -1)[] = [];
  let notionals = 0n;
  let diagonal = 0;
  for (let i = 0; i < LARGEST_ACCOUNT; i++) {
    const notional = publicValue(proof, 'liquidation', 'publicNotionals', i);
    const variance = publicValue(proof, 'liquidation', 'publicCovariance', diagonal);
    diagonal += LARGEST_ACCOUNT - i;
    if (i >= places.length) {
      if (notional !== 0n || variance !== 0n) failures.push(`position ${i} has no market`);
      continue;
    }
    const market = bar.markets[places[i]];
    const position = held.markets.at(rows[i] ?? Infinity);
    if (position?.market !== market) {
      failures.push(`its account has no position in ${label(market)} there`);
      continue;
    }
    sides.push(position.size < 0n ? -1 : 1);
    notionals += notional;
    const value = (position.size * (await chain.priceAt(market, time))) / 10n ** 8n;
    equity += value - position.entry * MONEY;
    const apart = notional * unit - ((value < 0n ? -value : value) << 24n);
    if (apart > unit || apart < -unit)
      failures.push(`the notional in ${label(market)} is not that of its size at the price held`);
    const scaled = ((bar.variances[places[i]] >> 24n) * kappa) >> 24n;
    const expected = notional * notional * scaled;
    const stated = variance * UNIT;
    const allowed = (expected >> VARIANCE_SHIFT) + (notional + 1n) * scaled + UNIT;
    if (stated > expected + allowed || expected > stated + allowed)
      failures.push(`the variance in ${label(market)} is not the proven one`);
  }
  const stated = owed < 0n ? -owed : owed;
  const allowed = (notionals * unit) >> OWED_SHIFT;
  if ((stated * MONEY) << 24n > allowed)
    failures.push('its funding and reservations are more than 1/128 of its notional');
  return { failures, equity, sides };
}

/** @param equity of the leaf at the prices held, 18 decimals */
function deficitFailures({ unit }: Attestation[2], proof: Attestation[3], equity: bigint): string[] {
  const sum = (name: 'publicNotionals' | 'publicRelief') =>
    Array.from({ length: LARGEST_ACCOUNT }, (_, i) =>
      signedInteger(publicValue(proof, 'liquidation', name, i)),
    ).reduce((total, value) => total + value, 0n);
  const [notional, relief] = [sum('publicNotionals') * unit, sum('publicRelief')];
  const failures: string[] = [];
  const apart =
    (signedInteger(publicValue(proof, 'liquidation', 'publicScalars')) - relief) * unit + (equity << 24n);
  if (apart < -ROUNDING * unit || apart > notional / PENALTY + ROUNDING * unit)
    failures.push('its deficit is not its margin less its account’s equity');
  return failures;
}
