import { describe, expect, it } from 'vitest';
import { relativeError } from '../../../test/support/vectors.js';
import {
  erfcx,
  expectedPositivePart,
  logNormalCdf,
  logNormalDensity,
  normalCdf,
  normalDensity,
} from './normal.js';

// Computed with mpmath in 50 digits: x, Φ, ln Φ, φ, ψ = xΦ + φ. Between ±0.66 and ±0.7 and at ±5.66 one approximation ends and the next begins.
const VALUES = [
  [-12.5, 3.732564298877713e-36, -81.57596787074388, 4.695195357975146e-35, 2.948998437800428e-37],
  [-6, 9.86587645037698e-10, -20.736768949974707, 6.075882849823285e-9, 1.5635697959709664e-10],
  [-5.5, 1.8989562465887718e-8, -17.77937635262526, 1.0769760042543276e-7, 3.255006863050307e-9],
  [-3, 0.0013498980316300946, -6.607726221510349, 0.0044318484119380075, 0.0003821543170477236],
  [-0.7, 0.24196365222307303, -1.4189677615315315, 0.31225393336676127, 0.14287937681061016],
  [-0.66, 0.25462691467133614, -1.3679558848901994, 0.32086380377117246, 0.15281004008809063],
  [-0.3, 0.3820885778110474, -0.9621028181688507, 0.3813878154605241, 0.26676124211720986],
  [0, 0.5, -0.6931471805599453, 0.3989422804014327, 0.3989422804014327],
  [0.2, 0.579259709439103, -0.5460043537227741, 0.3910426939754559, 0.5068946358632765],
  [0.66, 0.7453730853286639, -0.29387040027781763, 0.32086380377117246, 0.8128100400880907],
  [0.7, 0.758036347776927, -0.2770239422771313, 0.31225393336676127, 0.8428793768106101],
  [2, 0.9772498680518208, -0.02301290932896349, 0.05399096651318805, 2.0084907026168297],
  [5.5, 0.9999999810104375, -1.8989562646189464e-8, 1.0769760042543276e-7, 5.500000003255007],
  [6, 0.9999999990134123, -9.865876455243758e-10, 6.075882849823285e-9, 6.000000000156357],
  [8, 0.9999999999999993, -6.220960574271786e-16, 5.052271083536892e-15, 8],
] as const;

describe('the normal distribution', () => {
  it.each(VALUES)('at %d has the values of 50-digit arithmetic', (x, cdf, logCdf, density, positivePart) => {
    // x/√2 is rounded before it is squared; in the left tail ψ is a difference of numbers x² times its size.
    const tolerance = 2e-16 * (5 + x * x);
    expect(relativeError(normalCdf(x), cdf)).toBeLessThan(tolerance);
    expect(relativeError(logNormalCdf(x), logCdf)).toBeLessThan(tolerance);
    expect(relativeError(normalDensity(x), density)).toBeLessThan(tolerance);
    expect(relativeError(logNormalDensity(x), Math.log(density))).toBeLessThan(2e-15);
    expect(relativeError(expectedPositivePart(x), positivePart)).toBeLessThan(2 * tolerance);
  });

  it('goes on where the function itself underflows', () => {
    expect(relativeError(logNormalCdf(-40), -804.6084420137538)).toBeLessThan(1e-15);
    expect([normalCdf(-40), normalDensity(-40), expectedPositivePart(-40)]).toEqual([0, 0, 0]);
  });
});

describe(erfcx, () => {
  it.each([
    [0, 1],
    [0.1, 0.8964569799691267],
    [0.46875, 0.6320696892495561],
    [0.47, 0.6314005166600343],
    [1, 0.427583576155807],
    [2.5, 0.2108063640611436],
    [4, 0.13699945762506138],
    [4.1, 0.133834116418652],
    [10, 0.05614099274382259],
    [1000, 0.0005641893014533876],
  ])('of %d is that of 50-digit arithmetic', (x, expected) => {
    expect(relativeError(erfcx(x), expected)).toBeLessThan(1e-15);
  });
});
