import type { Hex } from 'viem';
import { LARGEST_ACCOUNT, liquidationStatement, quantise } from '#lib/proofs';
import { type Attestation, type AuditedChain, label } from './audit-chain.js';
import { publicValue } from './encoding.js';
import type { ProvenBar } from './proven-bar.js';

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

/** An attested liquidation: its proof, its α, the prices and variances it rests on. */
export async function auditLiquidation(
  chain: AuditedChain,
  proven: ReadonlyMap<number, ProvenBar>,
  { transaction, block, plan, digest }: AttestedEvent,
): Promise<AuditedLiquidation> {
  const attestation = await chain.attested(transaction, digest);
  const [said, bar, , proof] = attestation;
  const { values, reasons } = await chain.verify(liquidationStatement, proof);
  const failures = [...reasons];
  if (said !== plan) failures.push('its plan is not the one that was attested');
  if (values !== undefined && quantise(values.budget, 'budget') !== chain.budget)
    failures.push('its α is not the oracle’s');
  const known = proven.get(Number(bar.number));
  if (known === undefined || !isProven(bar, known))
    failures.push(`its values of epoch ${bar.number} are not the proven ones`);
  failures.push(...(await accountFailures(chain, attestation)));
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

/** Notionals at prices that are held, diagonal variances as they were proven. */
async function accountFailures(chain: AuditedChain, [, bar, account, proof]: Attestation): Promise<string[]> {
  const { time, unit, places, sizes } = account;
  const failures: string[] = [];
  if (time < bar.bar || time > bar.bar + BigInt(bar.barSeconds))
    failures.push(`its marks of ${time} are not of the bar after ${bar.bar}`);
  if (unit === 0n) failures.push('its unit is 0');
  if (new Set(places).size !== places.length) failures.push('a market is there twice');
  const kappa = (bar.tailFactor * bar.tailFactor) >> 24n;
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
    const price = await chain.priceAt(market, time);
    const apart = notional * unit - (((sizes[i] * price) / 10n ** 8n) << 24n);
    if (apart > unit || apart < -unit)
      failures.push(`the notional in ${label(market)} is not that of its size at the price held`);
    const scaled = ((bar.variances[places[i]] >> 24n) * kappa) >> 24n;
    const expected = notional * notional * scaled;
    const stated = variance * UNIT;
    const allowed = (expected >> VARIANCE_SHIFT) + (notional + 1n) * scaled + UNIT;
    if (stated > expected + allowed || expected > stated + allowed)
      failures.push(`the variance in ${label(market)} is not the proven one`);
  }
  return failures;
}
