import type { LiquidationEntity } from '#lib/storage';

/** A liquidation without its plan. */
export function liquidationSummary(liquidation: LiquidationEntity): object {
  const { planId, number, account, status, openedAt, closedAt, outcome, method, gap } = liquidation;
  return {
    planId,
    ordinal: Number(number),
    account,
    status,
    openedAt: iso(Number(openedAt)),
    closedAt: closedAt === null ? null : iso(Number(closedAt)),
    outcome,
    method,
    gap,
    closedNotional: liquidation.closedNotional,
    notional: liquidation.notional,
    shortfall: liquidation.shortfall,
    proof: `/v1/proofs/liquidation-${planId}`,
  };
}

export function iso(time: number): string {
  return new Date(time).toISOString();
}
