import { describe, expect, it } from 'vitest';
import {
  DEPLOYED_POOLS,
  type DeployedPool,
  deployedWeights,
  tokenIndex,
} from '../../../../test/support/deployed-pools.js';
import { referenceVector } from '../../../../test/support/vectors.js';
import { type FixedPointToken, inGivenOut, outGivenIn, powWad } from '../index.js';

describe('powers in fixed point', () => {
  it('are rounded down from the exact value', () => {
    const wad = 10n ** 18n;
    expect(powWad(2n * wad, wad / 2n)).toBe(1414213562373095048n);
    expect(powWad(wad / 2n, 3n * wad)).toBe(125n * 10n ** 15n);
    expect(powWad(wad, 7n * wad)).toBe(wad);
    expect(powWad(999_999_999_999_999_999n, 20n * wad)).toBe(999_999_999_999_999_980n);
    expect(powWad(3n * wad, -wad)).toBe(333333333333333333n);
    expect(() => powWad(0n, wad)).toThrow(/x: must be positive/);
  });
});

describe('swaps of deployed pools, to the last unit', () => {
  for (const file of DEPLOYED_POOLS) {
    it(file, () => {
      const deployed = referenceVector<DeployedPool>('pools', file);
      const weights = deployedWeights(deployed);
      const token = (address: string): FixedPointToken => {
        const i = tokenIndex(deployed, address);
        return {
          balance: BigInt(deployed.pool.balancesLiveScaled18[i]),
          weight: weights[i],
          scale: BigInt(deployed.pool.scalingFactors[i]),
        };
      };
      for (const { swapKind, amountRaw, tokenIn, tokenOut, outputRaw } of deployed.swaps) {
        const swap = swapKind === 0 ? outGivenIn : inGivenOut;
        const fee = BigInt(deployed.pool.swapFee);
        expect(swap(token(tokenIn), token(tokenOut), BigInt(amountRaw), fee)).toBe(BigInt(outputRaw));
      }
    });
  }
});
