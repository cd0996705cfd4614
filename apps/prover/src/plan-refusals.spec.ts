import { describe, expect, it } from 'vitest';
import type { LiquidationCase } from '#lib/liquidation';
import { type Message, type PlanPayload, TOPICS } from '#lib/messages';
import { ProverService } from './prover.service.js';

const position = (market: string) => ({
  ...{ market, size: 1, price: 100, entryNotional: 100 },
  ...{ maintenanceRate: 0.03, initialRate: 0.05 },
});
const linear = (count: number) =>
  ({
    ...{ collateral: 1, alpha: 0.01 },
    positions: Array.from({ length: count }, (_, i) => position(`M${i}`)),
  }) as unknown as LiquidationCase;

/** Jobs, refusals and messages that plans with these cases lead to. */
async function proven(...cases: readonly LiquidationCase[]) {
  const refused: [string, string][] = [];
  const published: { topic: string; value: { jobId: string; status?: string; reason?: string } }[] = [];
  const repository = {
    refuse: (_: unknown, { jobId }: { jobId: string }, reason: string) => {
      refused.push([jobId, reason]);
      return Promise.resolve();
    },
  };
  const service = new ProverService(
    { PROVE_LIQUIDATIONS: 'all', EPOCH_EVERY_BARS: 1, EPOCH_RUN: 1 } as never,
    ...([repository as never, undefined as never] as const),
  );
  const messages = cases.map((given, i) => {
    const payload = { kind: 'opened', planId: `plan-${i}`, at: 5, plan: { case: given } };
    return { time: 5, payload } as unknown as Message<PlanPayload>;
  });
  await service.onPlans(messages, {
    manager: {},
    publish: (message: { topic: string; value: string }) => {
      const { payload } = JSON.parse(message.value) as { payload: (typeof published)[number]['value'] };
      published.push({ topic: message.topic, value: payload });
    },
  } as never);
  return { refused, published };
}

describe('plans that no circuit proves', () => {
  it('are refused with a reason that says which kind they are of, where proofs are looked for and published', async () => {
    const portfolio = { ...linear(2), portfolio: {} } as unknown as LiquidationCase;
    const { refused, published } = await proven(linear(16), portfolio, linear(17));
    expect(refused.map(([jobId, reason]) => [jobId, reason.split(':')[0]])).toEqual([
      ['liquidation-plan-1', 'portfolio-margin'],
      ['liquidation-plan-2', 'too-many-positions'],
    ]);
    expect(refused[1][1]).toContain('closes 17, 16 can be proven');
    expect(published.map(({ topic, value }) => [topic, value.jobId, value.status])).toEqual([
      [TOPICS.proofJobs.name, 'liquidation-plan-0', undefined],
      [TOPICS.proofs.name, 'liquidation-plan-1', 'refused'],
      [TOPICS.proofs.name, 'liquidation-plan-2', 'refused'],
    ]);
    expect(published[1].value.reason).toBe(refused[0][1]);
  });
});
