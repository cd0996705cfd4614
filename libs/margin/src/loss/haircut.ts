import { InvalidInputError } from '#lib/errors';

/** Money in the ledger's smallest units. */
export interface PoolAtMarks {
  /** qᵀS − C: gains of all traders at marks */
  readonly unrealised: bigint;
  /** Σ (−E_a)⁺ */
  readonly deficits: bigint;
  readonly shortfall: bigint;
  readonly capital: bigint;
  readonly liquidity: bigint;
  readonly pending: bigint;
}

/**
 * D = ((qᵀS−C) + Σ(−E_a)⁺ + shortfall − P − L − pending)⁺: the amount missing to pay everybody, at marks and not on
 * realisation, so that it does not depend on who closes first.
 */
export function lossNeed({
  unrealised,
  deficits,
  shortfall,
  capital,
  liquidity,
  pending,
}: PoolAtMarks): bigint {
  const need = unrealised + deficits + shortfall - capital - liquidity - pending;
  return need > 0n ? need : 0n;
}

/** An account's gain since the window began: min(E⁺, (E − E(t₀) − net inflow since)⁺). */
export function gainOf(equity: bigint, equityThen: bigint, inflow: bigint): bigint {
  const won = equity - equityThen - inflow;
  const held = equity > 0n ? equity : 0n;
  if (won <= 0n) return 0n;
  return won < held ? won : held;
}

export interface Haircut {
  /** z_a, one a base */
  readonly cuts: readonly bigint[];
  /** the need beyond all bases */
  readonly left: bigint;
}

/**
 * Cuts a need from bases pro rata, exactly: z_a = ⌊D·cum_a/G⌋ − ⌊D·cum_{a−1}/G⌋. The sum is D to the unit, each cut within a
 * unit of its share, and adjacent parts of a split base are cut by as much as the whole. Among rules that
 * splitting cannot cheat, that are scale-free and monotone, it is the only one.
 *
 * Source: Chitra et al., arXiv:2512.01112.
 *
 * @param bases g_a ≥ 0 by account, ids ascending
 * @throws {InvalidInputError} for a negative need or base
 */
export function haircut(need: bigint, bases: readonly bigint[]): Haircut {
  if (need < 0n) throw new InvalidInputError('need', `must not be negative, got ${need}`);
  let total = 0n;
  bases.forEach((base, a) => {
    if (base < 0n) throw new InvalidInputError(`bases[${a}]`, `must not be negative, got ${base}`);
    total += base;
  });
  if (need >= total) return { cuts: [...bases], left: need - total };
  let sum = 0n;
  let cutBefore = 0n;
  const cuts = bases.map((base) => {
    sum += base;
    const cut = (need * sum) / total;
    const own = cut - cutBefore;
    cutBefore = cut;
    return own;
  });
  return { cuts, left: 0n };
}

/** An account's claim: its equity, and its gain within it. */
export interface Claim {
  readonly equity: bigint;
  readonly gain: bigint;
}

export interface LossShares {
  /** cuts of each claim, in order: of the gains first, then of the rest */
  readonly cuts: readonly bigint[];
  /** η = fromGains/Σ gains */
  readonly fromGains: bigint;
  readonly gains: bigint;
  /** taken of principal where all gains do not suffice */
  readonly fromPrincipal: bigint;
  /** the need beyond all claims */
  readonly left: bigint;
}

/**
 * Shares a need among claims: pro rata of gains first, and where all gains do not suffice, likewise of E − g.
 *
 * @throws {InvalidInputError} for a gain that is negative or above the equity
 */
export function shareLoss(need: bigint, claims: readonly Claim[]): LossShares {
  claims.forEach(({ equity, gain }, a) => {
    const most = equity > 0n ? equity : 0n;
    if (gain < 0n || gain > most) {
      throw new InvalidInputError(`claims[${a}].gain`, `must be from 0 to the equity ${most}, got ${gain}`);
    }
  });
  const gains = haircut(
    need,
    claims.map(({ gain }) => gain),
  );
  const principal =
    gains.left === 0n
      ? undefined
      : haircut(
          gains.left,
          claims.map(({ equity, gain }) => (equity > gain ? equity - gain : 0n)),
        );
  return {
    cuts: gains.cuts.map((cut, a) => cut + (principal?.cuts[a] ?? 0n)),
    fromGains: need - gains.left,
    gains: claims.reduce((sum, { gain }) => sum + gain, 0n),
    fromPrincipal: principal === undefined ? 0n : gains.left - principal.left,
    left: principal?.left ?? 0n,
  };
}

/** Checks shares without the rule that made them: exact sum, bounds, each within a unit of its pro-rata share. */
export function lossSharesFailures(need: bigint, claims: readonly Claim[], shares: LossShares): string[] {
  const failures: string[] = [];
  if (shares.cuts.length !== claims.length)
    return [`there are ${shares.cuts.length} cuts for ${claims.length} claims`];
  const G = claims.reduce((sum, { gain }) => sum + gain, 0n);
  const principal = claims.map(({ equity, gain }) => (equity > gain ? equity - gain : 0n));
  const rest = principal.reduce((sum, value) => sum + value, 0n);
  const fromGains = need < G ? need : G;
  const fromPrincipal = need - fromGains < rest ? need - fromGains : rest;
  if (shares.gains !== G) failures.push(`gains are ${G}, not ${shares.gains}`);
  if (shares.fromGains !== fromGains)
    failures.push(`of gains ${fromGains} are taken, not ${shares.fromGains}`);
  if (shares.fromPrincipal !== fromPrincipal)
    failures.push(`of principal ${fromPrincipal} are taken, not ${shares.fromPrincipal}`);
  if (shares.left !== need - fromGains - fromPrincipal) failures.push(`left is not ${shares.left}`);
  const sum = shares.cuts.reduce((total, cut) => total + cut, 0n);
  if (sum !== fromGains + fromPrincipal)
    failures.push(`the cuts add up to ${sum}, not ${fromGains + fromPrincipal}`);
  claims.forEach(({ gain }, a) => {
    const cut = shares.cuts[a];
    const off =
      fromPrincipal > 0n ? rest * (cut - gain) - fromPrincipal * principal[a] : G * cut - fromGains * gain;
    const base = fromPrincipal > 0n ? rest : G;
    const most = gain + principal[a];
    if (cut < 0n || cut > most) failures.push(`cut ${a} is ${cut} of ${most}`);
    else if (base === 0n ? off !== 0n : off >= base || off <= -base)
      failures.push(`cut ${a} is ${cut}, a unit or more from its share`);
  });
  return failures;
}
