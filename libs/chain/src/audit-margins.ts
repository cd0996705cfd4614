import { encodeAbiParameters, sha256 } from 'viem';
import { type Attestation, type AuditedChain, label } from './audit-chain.js';
import { marketName } from './encoding.js';
import { marginDigest, marginOnChain, marketDigest } from './portfolio-margin.js';

/** The attestor's own: an EVaR's factor is right to a 2^20th. */
const FACTOR_SHIFT = 20n;

/** Why the margin that a liquidation was attested with is not the one that was in force. */
export async function marginFailures(
  chain: AuditedChain,
  [, bar, account, , { margin, markets, places, tangent, pool }]: Attestation,
): Promise<string[]> {
  const { version, digest } = await marginOnChain(chain.client, chain.attestor, account.time);
  if (markets.length === 0)
    return version === 0n ? [] : [`its margin is linear, and portfolio margin ${version} was in force`];
  if (digest !== marginDigest(margin)) return ['its margin is not the registered one'];
  const failures: string[] = [];
  markets.forEach((terms, i) => {
    const market = bar.markets.at(account.places[i] ?? Infinity);
    if (
      market === undefined ||
      marketDigest(marketName(market), terms) !== margin.markets.at(places[i] ?? Infinity)
    )
      failures.push(
        `its margin of ${market === undefined ? `position ${i}` : label(market)} is not the registered one`,
      );
  });
  const due = (margin.evarMultiple << 48n) / (bar.tailFactor * bar.tailFactor);
  const apart = tangent.evarFactor < due ? due - tangent.evarFactor : tangent.evarFactor - due;
  if (apart > (due >> FACTOR_SHIFT) + 1n) failures.push('its EVaR is not that of the proven covariance');
  const encoded = encodeAbiParameters(
    [{ type: 'int256' }, { type: 'int256' }, { type: 'int256' }, { type: 'int256' }],
    [pool.capital, pool.liquidity, pool.pending, pool.other],
  );
  if (sha256(encoded) !== account.leaf.pool) failures.push('its pool is not that of its epoch’s book');
  const capital = pool.capital + pool.liquidity;
  const most = capital > 0n ? (capital * margin.absorbableShare) >> 24n : 0n;
  if (tangent.absorbable > 2n * most + 2n || 2n * tangent.absorbable + 2n < most)
    failures.push('its capital is not the pool’s, nor within a factor of two of it');
  return failures;
}
