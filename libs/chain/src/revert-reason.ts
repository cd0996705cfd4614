import { BaseError, decodeErrorResult, type Hex } from 'viem';
import { messageOf } from '#lib/errors';
import { contractArtifact } from './contract-artifact.js';

/** A contract's reason for a revert, by the contracts' own errors; undefined for other failures. */
export function revertReason(error: unknown): string | undefined {
  if (!(error instanceof BaseError)) return messageOf(error);
  const reverted = error.walk((cause) => dataOf(cause) !== undefined);
  if (reverted === null) return /revert/i.test(error.shortMessage) ? error.shortMessage : undefined;
  const data = dataOf(reverted);
  if (data !== undefined) {
    for (const name of [
      'RiskOracle',
      'LiquidationAttestor',
      'BookBinding',
      'BookSums',
      'PremiumChallenges',
      'ProvenPremium',
      'TradeJournal',
      'PriceValues',
      'BlockHeader',
      'ForecastCorrection',
      'BarValues',
      'SandwichValues',
      'LiquidationValues',
      'MedianPriceSource',
      'ChainlinkPriceSource',
      'ProofVerifier',
      'PublicValues',
      'TemporalPool',
      'ProvenRule',
      'LiquidityVault',
    ]) {
      try {
        const { errorName, args } = decodeErrorResult({ abi: contractArtifact(name).abi, data });
        return `${errorName}(${(args ?? []).map(String).join(', ')})`;
      } catch {
        // Of another contract.
      }
    }
  }
  return error.shortMessage;
}

/** The data of a revert, wherever viem keeps it. */
function dataOf(value: unknown): Hex | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  for (const name of ['raw', 'data']) {
    const data: unknown = (value as Record<string, unknown>)[name];
    if (typeof data === 'string' && /^0x[0-9a-f]{8,}$/i.test(data)) return data as Hex;
  }
  return undefined;
}
