import { describe, expect, it } from 'vitest';
import { hasShared, sharedJson } from '../../../../test/support/shared.js';
import { type FixedPointToken, inGivenOut, outGivenIn, powWad } from '../index.js';

interface DeployedPool {
  readonly swaps: {
    readonly swapKind: 0 | 1;
    readonly amountRaw: string;
    readonly tokenIn: string;
    readonly tokenOut: string;
    readonly outputRaw: string;
  }[];
  readonly pool: {
    readonly tokens: string[];
    readonly scalingFactors: string[];
    readonly balancesLiveScaled18: string[];
    readonly swapFee: string;
    readonly weights?: string[];
    readonly firstFourWeightsAndMultipliers?: string[];
    readonly lastUpdateTime?: string;
    readonly lastInteropTime?: string;
    readonly currentTimestamp?: string;
  };
}

function weightsOf({ pool }: DeployedPool): bigint[] {
  if (pool.weights !== undefined) return pool.weights.map(BigInt);
  const terms = pool.firstFourWeightsAndMultipliers!.map(BigInt);
  const [now, end, start] = [pool.currentTimestamp!, pool.lastInteropTime!, pool.lastUpdateTime!].map(BigInt);
  const passed = (now < end ? now : end) - start;
  return pool.tokens.map((_, i) => terms[i] + terms[i + pool.tokens.length] * passed);
}

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

describe.skipIf(!hasShared)('swaps of deployed pools, to the last unit', () => {
  for (const file of ['onchain_quantamm_3_tokens.json', 'onchain_weighted_usdc_dai.json']) {
    it(file, () => {
      const deployed = sharedJson<DeployedPool>('vectors', 'pools', file);
      const weights = weightsOf(deployed);
      const names = deployed.pool.tokens.map((token) => token.toLowerCase());
      const token = (address: string): FixedPointToken => {
        const i = names.indexOf(address.toLowerCase());
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
