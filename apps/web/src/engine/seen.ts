import { signal } from '@preact/signals';
import type { Risk } from './answers.js';

/** A risk measure as this page has seen it; `at` is market time, milliseconds. */
export interface RiskSeen {
  readonly at: number;
  readonly evar: number;
  readonly rho: number;
}

const KEPT = 2000;
export const risksSeen = signal<readonly RiskSeen[]>([]);

/** Remembers a risk measure, once. */
export function seeRisk({ at, entropicValueAtRisk, riskMeasure }: Risk): void {
  const time = Date.parse(at);
  const seen = risksSeen.peek();
  if (seen.length > 0 && seen.at(-1)!.at >= time) return;
  risksSeen.value = [...seen, { at: time, evar: entropicValueAtRisk, rho: riskMeasure }].slice(-KEPT);
}

/** Price of a liquidity share as this page has seen it. */
export const sharesSeen = signal<readonly { readonly at: number; readonly price: number }[]>([]);

/** Remembers the price of a share, once a market time. */
export function seeShares(at: string, worth: string, shares: string): void {
  const [time, price] = [Date.parse(at), Number(worth) / Number(shares)];
  const seen = sharesSeen.peek();
  if (!Number.isFinite(price) || (seen.length > 0 && seen.at(-1)!.at >= time)) return;
  sharesSeen.value = [...seen, { at: time, price }].slice(-KEPT);
}
