import { describe, expect, it } from 'vitest';
import {
  cutOf,
  type LossShare,
  lossShareState,
  payableWhileShared,
  restoredLossShare,
  shareOfGains,
} from './loss-share.js';

const share = (need: bigint, gains = 100n, principal = 1000n): LossShare => ({
  at: 7,
  need,
  gains,
  principal,
});

describe(payableWhileShared, () => {
  it.each([
    // need, equity, gain, claim, paid
    ['principal in full while gains suffice', 30n, 150n, 50n, 80n, 80n],
    ['all principal and no gain', 30n, 150n, 50n, 100n, 100n],
    ['gains less their share, rounded down', 30n, 150n, 50n, 101n, 100n],
    ['gains less their share', 30n, 150n, 50n, 150n, 135n],
    ['no gains where the loss takes all of them', 100n, 150n, 50n, 150n, 100n],
    ['principal pro rata where gains do not suffice', 600n, 150n, 50n, 150n, 50n],
    ['principal pro rata, rounded down', 600n, 150n, 50n, 99n, 49n],
    ['nothing where the loss takes everything', 1100n, 150n, 50n, 150n, 0n],
    ['nothing past that', 5000n, 150n, 50n, 150n, 0n],
    ['gains alone where they are above the equity', 30n, 20n, 50n, 20n, 14n],
  ])('pays %s', (_what, need, equity, gain, claim, paid) => {
    expect(payableWhileShared(share(need), { equity, gain }, claim)).toBe(paid);
  });

  it('pays everything where nothing is lost and nobody has gained', () => {
    expect(payableWhileShared(share(0n, 0n), { equity: 10n, gain: 10n }, 10n)).toBe(10n);
  });
});

describe(cutOf, () => {
  it.each([
    // need, equity, gain, cut
    ['nothing of an account without equity', 30n, 0n, 50n, 0n],
    ['nothing without a loss', 0n, 150n, 50n, 0n],
    ['its part of the gains', 30n, 150n, 50n, 15n],
    ['its part of the gains, rounded up', 30n, 150n, 7n, 3n],
    ['all its gain where the loss takes all gains', 100n, 150n, 50n, 50n],
    ['its gain, and principal pro rata', 600n, 150n, 50n, 100n],
    ['its gain, and principal pro rata, rounded up', 600n, 151n, 50n, 101n],
    ['everything and no more', 5000n, 150n, 50n, 150n],
  ])('takes %s', (_what, need, equity, gain, cut) => {
    expect(cutOf(share(need), equity, gain)).toBe(cut);
  });

  it('takes nothing where nothing is lost and nobody has gained', () => {
    expect(cutOf(share(0n, 0n), 50n, 0n)).toBe(0n);
  });

  it('takes the gain alone where nobody has principal', () => {
    expect(cutOf(share(600n, 100n, 0n), 50n, 50n)).toBe(50n);
  });
});

describe(shareOfGains, () => {
  it.each([
    [0n, 0n, 0],
    [0n, 100n, 0],
    [30n, 100n, 0.3],
    [99n, 100n, 0.99],
    [100n, 100n, 1],
    [101n, 100n, 1],
    [1n, 0n, 1],
  ])('of a loss of %d over gains of %d is %d', (need, gains, eta) => {
    expect(shareOfGains(share(need, gains))).toBe(eta);
  });
});

it('is the same after it was JSON', () => {
  const state = JSON.parse(JSON.stringify(lossShareState(share(30n)))) as ReturnType<typeof lossShareState>;
  expect(restoredLossShare(state)).toEqual(share(30n));
});
