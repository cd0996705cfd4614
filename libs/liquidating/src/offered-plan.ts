import { z } from 'zod';
import { messageOf, parseInput } from '#lib/errors';
import {
  certificateSchema,
  consequencesOf,
  digestOf,
  type LiquidationCase,
  type LiquidationPlan,
  programOf,
  requireCase,
  verifyCertificate,
} from '#lib/liquidation';
import { OfferRefusedError } from './errors.js';

/** Pieces of an offered certificate: the library's own has a few, and a check costs as much as there are. */
const MOST_PIECES = 256;
/** By how much an offered plan may close more than the house's: both are optimal up to their gaps. */
const NOTIONAL_TOLERANCE = 1e-8;

/** A solver's own answer to a published case: fractions and the proof that they are the least that do. */
export const solutionSchema = z.strictObject({
  caseDigest: z.string().max(64).describe('of the case that was published'),
  fractions: z.array(z.number().min(0).max(1)).min(1).max(512),
  reserved: z
    .number()
    .min(0)
    .max(1e15)
    .default(0)
    .describe('equity kept for the liquidity premium of the trade'),
  certificate: certificateSchema,
});
export type Solution = z.output<typeof solutionSchema>;

/**
 * The case that a bid is answered for: the published one at the bid's rate.
 *
 * @param penaltyRate of the bid, at most the case's
 */
export function caseAtRate(given: LiquidationCase, penaltyRate: number, reserved?: number): LiquidationCase {
  return {
    ...given,
    ...(given.penaltyRate === undefined ? {} : { penaltyRate }),
    ...(reserved === undefined ? {} : { reserved }),
  };
}

/**
 * A bid on a published plan: at its rate, with the house's fractions or with those of a solution, which is checked. The case is
 * the published one, so a solution can state nothing about the account.
 *
 * @param penaltyRate the published one where it is undefined
 * @param solution of a stranger: any value
 * @returns the plan that is executed; the published one without a solution
 * @throws {OfferRefusedError} with every reason why it does not hold
 */
export function offeredPlan(
  published: LiquidationPlan,
  penaltyRate: number | undefined,
  solution: unknown,
): { readonly penaltyRate: number; readonly plan: LiquidationPlan } {
  const { case: given, caseDigest } = published;
  const largest = given.penaltyRate ?? 0;
  const rate = penaltyRate ?? largest;
  if (!(rate >= 0 && rate <= largest))
    throw new OfferRefusedError([`the rate ${rate} is not from 0 to the plan's, ${largest}`]);
  if (solution === undefined) return { penaltyRate: rate, plan: published };
  const parsed = parse(solution);
  const { certificate, fractions } = parsed;
  const pieces = certificate.dual.losses.length + certificate.dual.premium.length;
  if (parsed.caseDigest !== caseDigest)
    throw new OfferRefusedError([`it answers the case ${parsed.caseDigest}, the plan's is ${caseDigest}`]);
  if (fractions.length !== given.positions.length)
    throw new OfferRefusedError([
      `it has ${fractions.length} fractions, the case ${given.positions.length} positions`,
    ]);
  if (pieces > MOST_PIECES)
    throw new OfferRefusedError([`its certificate has ${pieces} pieces, at most ${MOST_PIECES} are checked`]);
  const plan = planAt(caseAtRate(given, rate, parsed.reserved), parsed);
  const { holds, failures } = verifyCertificate(plan);
  if (!holds) throw new OfferRefusedError(failures);
  if (plan.closedNotional > published.closedNotional * (1 + NOTIONAL_TOLERANCE))
    throw new OfferRefusedError([
      `it closes ${plan.closedNotional}, more than the published plan: ${published.closedNotional}`,
    ]);
  return { penaltyRate: rate, plan };
}

function parse(solution: unknown): Solution {
  try {
    return parseInput(solutionSchema, solution, 'solution');
  } catch (error) {
    throw new OfferRefusedError([messageOf(error)]);
  }
}

/** The whole plan of fractions and certificate: everything that it claims is computed here. */
function planAt(given: LiquidationCase, { fractions, certificate }: Solution): LiquidationPlan {
  try {
    requireCase(given);
    const points = [
      ...certificate.dual.losses.flatMap((loss) => ('evar' in loss ? [loss.evar] : [])),
      ...certificate.dual.premium.map(({ point }) => point),
    ];
    if (points.some((point) => point.length !== fractions.length))
      throw new OfferRefusedError([`points must have ${fractions.length} entries, one a position`]);
    const claims = consequencesOf(given, programOf(given, certificate.poolShift), fractions, certificate);
    const all = fractions.every((fraction) => fraction === 1);
    const impossible = certificate.proves === 'infeasibility';
    return {
      ...{ version: 1, case: given, caseDigest: digestOf(given), fractions, certificate, ...claims },
      outcome: impossible && claims.equityBefore < 0 ? 'bankrupt' : all ? 'full' : 'partial',
      ...{ method: 'closed-form', programs: 0 },
    };
  } catch (error) {
    if (error instanceof OfferRefusedError) throw error;
    throw new OfferRefusedError([messageOf(error)]);
  }
}
