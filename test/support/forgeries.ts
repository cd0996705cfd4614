import { randomStream } from '#lib/runtime';
import {
  consequencesOf,
  digestOf,
  liquidate,
  type LiquidationPlan,
  programOf,
  type Solvers,
  verifyCertificate,
} from '#lib/liquidation';
import { CONDITIONS, randomCase, randomPortfolioCase } from './liquidation-cases.js';

/** Honest plans that forgers begin with. @param linear number of accounts with linear margin @param portfolio with portfolio margin */
export function honestPlans(
  solvers: Solvers,
  linear: number,
  portfolio: number,
): { linear: LiquidationPlan[]; portfolio: LiquidationPlan[] } {
  const solved = (count: number, of: typeof randomCase) =>
    Array.from({ length: count }, (_, seed) =>
      liquidate(of(seed + 1, { n: 1 + (seed % 3), condition: CONDITIONS[seed % 8] }), solvers),
    ).filter(({ outcome }) => outcome === 'partial');
  return { linear: solved(linear, randomCase), portfolio: solved(portfolio, randomPortfolioCase) };
}

/** Every number of a plan that follows from the others is made to fit: only the checker's rules are left in the way. */
export function refit(plan: LiquidationPlan): LiquidationPlan {
  return { ...claimed(plan), caseDigest: digestOf(plan.case) };
}

/** {@link refit} of a plan whose case is as it was. */
function claimed(plan: LiquidationPlan): LiquidationPlan {
  const program = programOf(plan.case, plan.certificate?.poolShift);
  const due = consequencesOf(plan.case, program, plan.fractions, plan.certificate);
  // Outside its domain a witness proves nothing: its maker keeps the old claims.
  const finite = Object.entries(due).filter(([, value]) => value === null || Number.isFinite(value));
  return { ...plan, ...Object.fromEntries(finite) };
}

/** How many forgeries the checker refused, accepted within any gap, and took for optimal. */
export interface ForgeryCounts {
  refused: number;
  accepted: number;
  optimal: number;
}

/**
 * Random and adversarial witnesses: points and multipliers to ±10³⁰⁰, ulps around every bound, parts of the honest ones.
 *
 * @throws {Error} with the first one that makes the checker accept more than is true, by a cutting-plane optimum
 */
export function searchForgeries(solvers: Solvers, tries: number, seed: number): ForgeryCounts {
  // Each plan is solved twice, which costs as much as a hundred forgeries.
  const { linear, portfolio } = honestPlans(
    solvers,
    Math.min(120, Math.ceil(tries / 100)),
    Math.min(90, Math.ceil(tries / 130)),
  );
  const honestOnes = [...linear, ...portfolio];
  const truths = honestOnes.map((plan) => {
    const other = liquidate(plan.case, solvers, { maximumQuadraticPrograms: 0, maximumSystems: 0 });
    return Math.min(plan.objective, other.objective);
  });
  const random = randomStream(seed);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(random.uniform() * values.length)];
  const huge = () => pick([1, -1]) * 10 ** (600 * random.uniform() - 300);
  /** a number beside a value: itself, ulps away, stretched, or anything */
  const near = (value: number) =>
    pick([
      () => value,
      () => value * (1 + Number.EPSILON * Math.ceil(8 * random.uniform() - 4)),
      () => value * 10 ** (4 * random.uniform() - 2),
      () => value + 1e-3 * random.normal(),
      huge,
    ])();
  const inside = () => pick([0, 1, Number.MIN_VALUE, 1 - Number.EPSILON / 2, random.uniform()]);
  const counts: ForgeryCounts = { accepted: 0, refused: 0, optimal: 0 };
  for (let attempt = 0; attempt < tries; attempt++) {
    const which = attempt % honestOnes.length;
    const honest = honestOnes[which];
    const { dual, poolShift, primalShift } = honest.certificate!;
    const wild = random.uniform() < 0.2;
    const fractions = honest.fractions.map((w) => pick([w, w, w, 1, inside()]));
    const premium = Array.from({ length: pick([0, 1, 1, 1, 2]) }, () => ({
      point: honest.fractions.map((w) => (wild ? near(w) : pick([w, inside()]))),
      shift: wild ? near(primalShift) : pick([primalShift, primalShift * (0.5 + random.uniform())]),
      multiplier: near(pick([1, ...dual.premium.map(({ multiplier }) => multiplier)])),
    }));
    const losses = dual.losses
      .filter(() => random.uniform() < 0.9)
      .map((one) => ({
        ...(one.evar === undefined
          ? { scenario: wild ? Math.floor(70 * random.uniform()) : one.scenario }
          : { evar: one.evar.map((w) => (wild ? near(w) : pick([w, inside()]))) }),
        multiplier: pick([one.multiplier, near(one.multiplier)]),
      }));
    const certificate = {
      proves: pick(['optimality', 'optimality', 'optimality', 'infeasibility'] as const),
      poolShift: wild ? near(poolShift) : poolShift,
      primalShift: wild ? near(primalShift) : primalShift,
      dual: { margin: pick([dual.margin, near(dual.margin)]), losses, premium },
    };
    const outcome = fractions.every((w) => w === 1) ? 'full' : 'partial';
    const forged = claimed({ ...honest, outcome, fractions, certificate });
    // Accepted within any gap, the bound is below the optimum; accepted at all, it is the optimum.
    if (!verifyCertificate(forged, Infinity).holds) {
      counts.refused++;
      continue;
    }
    counts.accepted++;
    const wrong = (why: string) =>
      new Error(`forgery ${attempt} of seed ${seed}: ${why}: ${JSON.stringify(forged)}`);
    if (certificate.proves !== 'optimality') throw wrong('what is possible is proven impossible');
    if (!(forged.lowerBound! <= truths[which])) throw wrong(`the bound is above ${truths[which]}`);
    if (!verifyCertificate(forged).holds) continue;
    counts.optimal++;
    if (!(forged.objective <= truths[which] * (1 + 1e-8))) throw wrong(`the optimum is ${truths[which]}`);
  }
  return counts;
}
