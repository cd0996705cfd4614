import { OfferRefusedError } from './errors.js';

/** Market time in which offers for a plan compete: whoever answers within it is as fast as anybody. */
export const BUCKET_MS = 5_000;
/** Market time that the winner of a race may take to bring the prices of its fills. */
export const CLAIM_MS = 5_000;
/** Offers that are kept of one plan, the best: a flood of bad ones pushes no good one out. */
export const MOST_OFFERS = 16;

/** A liquidator's offer to execute a plan. */
export interface Offer {
  readonly reportId: string;
  readonly liquidator: string;
  readonly status: 'full' | 'partial';
  /** of the closed notional, at most the plan's */
  readonly penaltyRate: number;
  /** notional that is closed, money */
  readonly closedNotional: number;
  /** signed sizes, with prices where the liquidator's own account takes the positions over */
  readonly legs: readonly {
    readonly market: string;
    readonly size: string;
    readonly price?: string | undefined;
  }[];
  /** the prices follow within {@link CLAIM_MS} of winning */
  readonly claims: boolean;
}

/** A plan's race. Plain JSON. */
export interface Race {
  /** market time, milliseconds: until then nobody wins */
  readonly endsAt: number;
  /** whether liquidators may claim the plan, or take its positions over: the last one failed to */
  readonly trusting: boolean;
  /** the best first */
  readonly offers: readonly Offer[];
  /** the winner whose prices are awaited; a race has one claim */
  readonly claim: { readonly offer: Offer; readonly until: number } | null;
  /** executed, while its trade is not booked */
  readonly won: Offer | null;
}

export type Step =
  | { readonly kind: 'waiting' }
  /** nobody has offered, or nobody has kept a claim */
  | { readonly kind: 'nobody' }
  | { readonly kind: 'claimed'; readonly offer: Offer; readonly until: number; readonly race: Race }
  | { readonly kind: 'won'; readonly offer: Offer; readonly race: Race };

/** @param endsAt market time, milliseconds; that of the plan itself: the first offer wins */
export function openRace(endsAt: number, trusting = true): Race {
  return { endsAt, trusting, offers: [], claim: null, won: null };
}

/**
 * Whether an offer is better for the account than another: all of the plan before a part, then the lower rate, then the smaller
 * notional. Of two that are alike the earlier one stays first.
 */
function isBetter(a: Offer, b: Offer): boolean {
  if (a.status !== b.status) return a.status === 'full';
  if (a.penaltyRate !== b.penaltyRate) return a.penaltyRate < b.penaltyRate;
  return a.closedNotional < b.closedNotional;
}

/**
 * Enters an offer. A liquidator has one a plan and may better it; during its claim its fills with prices take its place.
 *
 * @throws {OfferRefusedError} saying why it does not take part
 */
export function enterRace(race: Race, offer: Offer): Race {
  const { liquidator, claims, legs, penaltyRate } = offer;
  const takesOver = claims || legs.some(({ price }) => price !== undefined);
  if (race.won !== null) throw new OfferRefusedError(['the race is over']);
  if (takesOver && !race.trusting)
    throw new OfferRefusedError([
      'the last liquidator of this account did not deliver: until it is liquidated only executions against the pool are taken',
    ]);
  if (race.claim?.offer.liquidator === liquidator) {
    if (claims)
      throw new OfferRefusedError(['the plan is claimed already: the fills with their prices are awaited']);
    if (offer.status !== race.claim.offer.status)
      throw new OfferRefusedError([`the claim was won for a ${race.claim.offer.status} execution`]);
    if (penaltyRate > race.claim.offer.penaltyRate)
      throw new OfferRefusedError([
        `the claim was won at a rate of ${race.claim.offer.penaltyRate}, not ${penaltyRate}`,
      ]);
  } else if (claims && race.claim !== null)
    throw new OfferRefusedError(['the plan has been claimed: it is claimed once']);
  const known = race.offers.find((each) => each.liquidator === liquidator);
  if (known !== undefined && !isBetter(offer, known))
    throw new OfferRefusedError([`${liquidator} has made an offer that is not worse: ${known.reportId}`]);
  const others = race.offers.filter((each) => each !== known);
  const at = others.findIndex((each) => isBetter(offer, each));
  const offers = at < 0 ? [...others, offer] : [...others.slice(0, at), offer, ...others.slice(at)];
  if (offers.length > MOST_OFFERS && offers.at(-1) === offer)
    throw new OfferRefusedError([`${MOST_OFFERS} better offers have been made`]);
  return { ...race, offers: offers.slice(0, MOST_OFFERS) };
}

/**
 * The race at a market time. The best offer of the bucket wins; where it claims the plan, it has {@link CLAIM_MS} to bring its
 * prices, once a race. After that the best offer wins that can be executed at once. So no offer, whoever made it and how many of
 * them, keeps a plan waiting for longer than the bucket and one claim.
 */
export function stepRace(race: Race, now: number): Step {
  const { offers, claim, endsAt } = race;
  if (race.won !== null || now < endsAt) return { kind: 'waiting' };
  if (claim !== null) {
    const delivered = offers.find(
      ({ liquidator, claims }) => liquidator === claim.offer.liquidator && !claims,
    );
    if (delivered !== undefined) return won(race, delivered);
    if (now < claim.until) return { kind: 'waiting' };
  }
  const best = offers.find(({ claims }) => claim === null || !claims);
  if (best === undefined) return { kind: 'nobody' };
  if (!best.claims) return won(race, best);
  const until = now + CLAIM_MS;
  return {
    ...{ kind: 'claimed', offer: best, until },
    race: { ...race, claim: { offer: best, until }, offers: offers.filter((each) => each !== best) },
  };
}

function won(race: Race, offer: Offer): Step {
  return { kind: 'won', offer, race: { ...race, won: offer } };
}
