import { divide } from '#lib/amounts';

/** A loss past the pool as it would be shared at the marks of a time: money in the books' units. */
export interface LossShare {
  /** market time, milliseconds */
  readonly at: number;
  /** D */
  readonly need: bigint;
  /** G, the gains of the last day, and the rest of all accounts' equity */
  readonly gains: bigint;
  readonly principal: bigint;
}

/** The same as plain JSON. */
export type LossShareState = readonly [at: number, need: string, gains: string, principal: string];

export function lossShareState({ at, need, gains, principal }: LossShare): LossShareState {
  return [at, String(need), String(gains), String(principal)];
}

export function restoredLossShare([at, need, gains, principal]: LossShareState): LossShare {
  return { at, need: BigInt(need), gains: BigInt(gains), principal: BigInt(principal) };
}

/** η: the share of every gain that the loss takes, 0 to 1. */
export function shareOfGains({ need, gains }: LossShare): number {
  return need >= gains ? (need > 0n ? 1 : 0) : Number((need * 1_000_000_000n) / gains) / 1e9;
}

/**
 * The part of a claim that is paid while the loss is not shared yet. Principal comes first and is paid in full as long as all gains
 * suffice, gains as far as the loss leaves them; so who leaves bears as much as who stays, and D/G stays as it was: there is no run. Where gains
 * do not suffice they are lost, and principal is paid pro rata.
 *
 * Source: margin-adl.md §3.
 *
 * @param account its equity and the gain in it
 * @param claim at most the equity
 */
export function payableWhileShared(
  { need, gains, principal }: LossShare,
  account: { readonly equity: bigint; readonly gain: bigint },
  claim: bigint,
): bigint {
  const own = account.equity > account.gain ? account.equity - account.gain : 0n;
  const ofPrincipal = claim < own ? claim : own;
  if (need <= gains) {
    const ofGains = claim - ofPrincipal;
    return ofPrincipal + (gains > 0n ? divide(ofGains * (gains - need), gains, 'down') : ofGains);
  }
  const left = principal - (need - gains);
  return left > 0n ? divide(ofPrincipal * left, principal, 'down') : 0n;
}

/** An account's cut if the loss were shared now, to within a unit. */
export function cutOf({ need, gains, principal }: LossShare, equity: bigint, gain: bigint): bigint {
  if (equity <= 0n || need <= 0n) return 0n;
  if (need <= gains) return divide(gain * need, gains, 'up');
  const rest = need - gains < principal ? need - gains : principal;
  return gain + (principal > 0n ? divide((equity - gain) * rest, principal, 'up') : 0n);
}
