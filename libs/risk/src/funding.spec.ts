import { describe, expect, it } from 'vitest';
import { accountFundingRate, chargeableRates, fundingPerUnit } from './index.js';

describe(chargeableRates, () => {
  it('spreads the rate of a market without payers over the others by β', () => {
    const { rates, unallocated } = chargeableRates(
      Float64Array.of(8, 3, 5),
      Float64Array.of(0, 1, -2),
      Float64Array.of(0.5, 0.1, 0.4),
    );
    expect([...rates]).toEqual([0, 3 + (8 * 0.1) / 0.5, 5 + (8 * 0.4) / 0.5]);
    expect(unallocated).toBe(0);
  });

  it('leaves it unallocated where no market can pay', () => {
    const { rates, unallocated } = chargeableRates(
      Float64Array.of(8, 3),
      Float64Array.of(0, 1),
      Float64Array.of(0.5, 0),
    );
    expect([[...rates], unallocated]).toEqual([[0, 3], 8]);
  });
});

describe(accountFundingRate, () => {
  it('is the account’s part of the market’s rate, against it on the other side, and none of an empty market', () => {
    expect(accountFundingRate(12, 2, 8)).toBe(3);
    expect(accountFundingRate(12, -2, 8)).toBe(-3);
    expect(accountFundingRate(12, 2, 0)).toBe(0);
  });
});

describe(fundingPerUnit, () => {
  const assessment = {
    exposure: {
      ...{ mean: -30, volatility: 4, volatilityRate: 2, forward: 0, totalEntryNotional: 0 },
      covarianceTimesSize: Float64Array.of(8, 12),
      rateTimesSize: Float64Array.of(3, 5),
    },
    risk: { value: 0, k: 0, tilt: 0, shift: 0, hm: 0, hs: 0.5, hmm: 0, hms: 0.25, hss: 0.125 },
    callSpread: { d1: 0, d2: 0, price: 0, delta: 0, gamma: 0, vega: 0.75 },
  };
  const charged = { risk: Float64Array.of(6, 7), liquidity: Float64Array.of(10, 11) };
  const per = (allocation: 'covariance' | 'paper', given: typeof assessment, sizes: number[]) => {
    const { risk, liquidity } = fundingPerUnit(allocation, given, charged, {
      signedSizes: Float64Array.from(sizes),
    });
    return { risk: [...risk], liquidity: [...liquidity] };
  };

  it('is the rate a unit, and its limit where sizes cancel', () => {
    // (Σ̇q)/s − (Σq)·ṡ/s² = 5/4 − 12·2/16 = −0.25; 2·(0.25·12·−30/16 + 0.125·12/4) + 0.5·−0.25 = −10.625.
    expect(per('covariance', assessment, [2, 0])).toEqual({
      risk: [3, -10.625],
      liquidity: [5, 0.75 * -0.25],
    });
  });

  it('is nothing where sizes cancel in a book without risk, or by the paper’s split', () => {
    const none = { risk: [3, 0], liquidity: [5, 0] };
    expect(per('paper', assessment, [2, 0])).toEqual(none);
    const certain = { ...assessment, exposure: { ...assessment.exposure, volatility: 0 } };
    expect(per('covariance', certain, [2, 0])).toEqual(none);
  });
});
