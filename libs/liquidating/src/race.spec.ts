import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLAIM_MS, enterRace, MOST_OFFERS, type Offer, openRace, type Race, stepRace } from './index.js';

const BUCKET = 5000;
const offer = (liquidator: string, penaltyRate: number, change: Partial<Offer> = {}): Offer => ({
  ...{ reportId: `r-${liquidator}`, liquidator, status: 'full', penaltyRate, claims: false },
  ...{ closedNotional: 1000, legs: [{ market: 'A', size: '-1' }], ...change },
});
const entered = (...offers: Offer[]) => offers.reduce(enterRace, openRace(BUCKET));
const winner = (race: Race, now = BUCKET) => {
  const step = stepRace(race, now);
  return step.kind === 'won' ? step.offer.liquidator : step.kind;
};
const PRICED = { legs: [{ market: 'A', size: '-1', price: '99' }] };

describe(stepRace, () => {
  it.each([
    ['the lowest rate', [offer('a', 0.002), offer('b', 0.001), offer('c', 0.003)], 'b'],
    [
      'of one rate the smallest notional',
      [offer('a', 0.001), offer('b', 0.001, { closedNotional: 999 })],
      'b',
    ],
    ['of equal offers the first', [offer('a', 0.001), offer('b', 0.001)], 'a'],
    ['all of a plan before a part of it', [offer('a', 0, { status: 'partial' }), offer('b', 0.003)], 'b'],
    ['nobody without offers', [], 'nobody'],
  ])('lets %s win', (_what, offers, expected) => {
    expect(winner(entered(...offers), BUCKET - 1)).toBe('waiting');
    expect(winner(entered(...offers))).toBe(expected);
  });

  it('gives the winner the seconds of its claim, and then the plan to the next', () => {
    const step = stepRace(entered(offer('slow', 0, { claims: true }), offer('next', 0.002)), BUCKET);
    expect(step).toMatchObject({ kind: 'claimed', until: BUCKET + CLAIM_MS, offer: { liquidator: 'slow' } });
    const { race } = step as { race: Race };
    expect(winner(race, BUCKET + CLAIM_MS - 1)).toBe('waiting');
    expect(winner(race, BUCKET + CLAIM_MS)).toBe('next');
    expect(winner(enterRace(race, offer('slow', 0, PRICED)), BUCKET + 1)).toBe('slow');
    expect(() => enterRace(race, offer('slow', 0.001, PRICED))).toThrow(/won at a rate of 0, not 0.001/);
    expect(() => enterRace(race, offer('slow', 0, { claims: true }))).toThrow(/claimed already/);
    expect(() => enterRace(race, offer('slow', 0, { status: 'partial' }))).toThrow(/for a full execution/);
    expect(() => enterRace(race, offer('other', 0, { claims: true }))).toThrow(/claimed once/);
  });

  it('takes no claims and no prices where the last liquidator did not deliver', () => {
    const race = openRace(BUCKET, false);
    expect(() => enterRace(race, offer('a', 0, { claims: true }))).toThrow(/did not deliver/);
    expect(() => enterRace(race, offer('a', 0, PRICED))).toThrow(/did not deliver/);
    expect(winner(enterRace(race, offer('a', 0)))).toBe('a');
  });

  it('keeps one offer of a liquidator, which it may better, and the best of many', () => {
    const race = enterRace(entered(offer('a', 0.002)), offer('a', 0.001));
    expect(race.offers).toHaveLength(1);
    expect(() => enterRace(race, offer('a', 0.001))).toThrow(/not worse: r-a/);
    let full = openRace(BUCKET);
    for (let i = 0; i < MOST_OFFERS; i++) full = enterRace(full, offer(`sybil${i}`, 0.002));
    expect(() => enterRace(full, offer('late', 0.002))).toThrow(/16 better offers/);
    expect(winner(enterRace(full, offer('better', 0.001)))).toBe('better');
  });

  it('is over a claim after the bucket, whoever offers what and when', () => {
    const act = fc.record({
      at: fc.integer({ min: 0, max: BUCKET + 3 * CLAIM_MS }),
      liquidator: fc.integer({ min: 0, max: 5 }).map(String),
      rate: fc.integer({ min: 0, max: 10 }).map((rate) => rate / 1000),
      kind: fc.constantFrom('claim', 'pool', 'prices', 'part'),
    });
    fc.assert(
      fc.property(fc.array(act, { maxLength: 40 }), (acts) => {
        let race = enterRace(openRace(BUCKET), offer('honest', 0.01));
        let claims = 0;
        let over: number | undefined;
        const events = [...acts].sort((a, b) => a.at - b.at);
        for (let now = 0; now <= BUCKET + CLAIM_MS && over === undefined; now += 500) {
          for (const { liquidator, rate, kind } of events.filter(({ at }) => at > now - 500 && at <= now)) {
            const change =
              kind === 'claim'
                ? { claims: true }
                : kind === 'part'
                  ? { status: 'partial' as const }
                  : kind === 'prices'
                    ? PRICED
                    : {};
            try {
              race = enterRace(race, offer(liquidator, rate, change));
            } catch {
              // refused, with a reason: nothing has changed
            }
          }
          for (let step = stepRace(race, now); step.kind !== 'waiting'; step = stepRace(race, now)) {
            expect(now).toBeGreaterThanOrEqual(BUCKET);
            expect(step.kind).not.toBe('nobody');
            if (step.kind === 'claimed') expect(++claims).toBe(1);
            else over = now;
            race = (step as { race: Race }).race;
          }
        }
        expect(over).toBeLessThanOrEqual(BUCKET + CLAIM_MS);
        // The honest offer is there to the end: who has won asked for no more, or delivered during its claim.
        expect(race.won!.penaltyRate).toBeLessThanOrEqual(0.01);
        expect(race.won!.status).toBe('full');
      }),
    );
  });
});
