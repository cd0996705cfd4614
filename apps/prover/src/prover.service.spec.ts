import { describe, expect, it } from 'vitest';
import type { PlanPayload, ProofJobPayload, ProofPayload } from '#lib/messages';
import { LARGEST_ACCOUNT } from '#lib/proofs';
import { CORRELATION_HEADER } from '#lib/runtime';
import { fake, messagesOf, ServiceBatch } from '../../../test/support/service-batch.js';
import type { ProofRunner } from './proof-runner.js';
import { type ProverConfig, proverConfig } from './prover.config.js';
import type { ProverRepository } from './prover.repository.js';
import { ProverService } from './prover.service.js';

const position = { tiers: [] };
/** Two markets whose margin has the forecast's covariance, but for a deviation that a guard rail holds back. */
const railed = (held: number) => ({
  positions: [1, 2].map((price) => ({ ...position, price })),
  pool: { covariance: [1, 1, 1, 4] },
  portfolio: { alpha: 1e-3, covariance: [held ** 2, held * 0.5, held * 0.5, 1] },
});
const opened = (planId: string, given: object = { positions: [position] }) =>
  ({ kind: 'opened', planId, account: 'ann', at: 5, plan: { case: given } }) as unknown as PlanPayload;

describe(ProverService, () => {
  const service = (which: ProverConfig['PROVE_LIQUIDATIONS'], methods: Partial<ProverRepository> = {}) => {
    const stirred: number[] = [];
    const config = { ...proverConfig({ PROVER: 'on' }), PROVE_LIQUIDATIONS: which };
    const runner = fake<ProofRunner>({ stir: () => void stirred.push(1) });
    return { prover: new ProverService(config, fake<ProverRepository>(methods), runner), stirred };
  };

  it('asks for a proof of every opened plan, correlated by the plan', async () => {
    const { prover } = service('all');
    const batch = new ServiceBatch();
    const closed = { ...opened('p2'), kind: 'closed' } as PlanPayload;
    await prover.onPlans(messagesOf([opened('p1'), closed, opened('p3')], 7), batch.context);
    const jobs = batch.published<ProofJobPayload>();
    expect(jobs.map(({ payload: { jobId, subject } }) => [jobId, subject])).toEqual([
      ['liquidation-p1', { kind: 'liquidation', id: 'p1', at: 5 }],
      ['liquidation-p3', { kind: 'liquidation', id: 'p3', at: 5 }],
    ]);
    expect(jobs.map(({ headers }) => headers)).toEqual([
      { [CORRELATION_HEADER]: 'p1' },
      { [CORRELATION_HEADER]: 'p3' },
    ]);
  });

  it('refuses a plan that the circuit does not fit, with a typed reason that is kept and published', async () => {
    const refused: [string, string][] = [];
    const { prover } = service('all', {
      refuse: (_, { jobId }, reason) => Promise.resolve(void refused.push([jobId, reason])),
    });
    const batch = new ServiceBatch();
    const large = Array.from({ length: LARGEST_ACCOUNT + 1 }, () => position);
    await prover.onPlans(
      messagesOf([
        opened('railed', railed(0.5)),
        opened('portfolio', railed(1)),
        opened('tiered', { positions: [{ tiers: [{}] }] }),
        opened('large', { positions: large }),
        opened('largest', { positions: large.slice(1) }),
      ]),
      batch.context,
    );
    const published = batch.published<ProofJobPayload | ProofPayload>();
    expect(
      published.map(({ topic, payload }) => [
        topic,
        payload.jobId,
        payload.subject.id,
        'status' in payload ? payload.status : undefined,
        'reason' in payload ? payload.reason?.split(':')[0] : undefined,
      ]),
    ).toEqual([
      ['proofs', 'liquidation-railed', 'railed', 'refused', 'guard-rail'],
      ['proof-jobs', 'liquidation-portfolio', 'portfolio', undefined, undefined],
      ['proof-jobs', 'liquidation-tiered', 'tiered', undefined, undefined],
      ['proofs', 'liquidation-large', 'large', 'refused', 'too-many-positions'],
      ['proof-jobs', 'liquidation-largest', 'largest', undefined, undefined],
    ]);
    expect(refused).toEqual(
      published.flatMap(({ payload }) => ('reason' in payload ? [[payload.jobId, payload.reason]] : [])),
    );
    expect(refused[1][1]).toContain('closes 17, 16 can be proven');
  });

  it('asks for none where none is wanted, and for none before the first epoch where one an epoch is', async () => {
    for (const which of ['none', 'epoch'] as const) {
      const batch = new ServiceBatch();
      await service(which).prover.onPlans(messagesOf([opened('p')]), batch.context);
      expect(batch.published()).toEqual([]);
    }
  });

  it('wakes the runner of queued jobs after the commit, not before', async () => {
    const queued: string[] = [];
    const { prover, stirred } = service('all', {
      enqueue: (_, { jobId }) => Promise.resolve(void queued.push(jobId)),
    });
    const batch = new ServiceBatch();
    const jobs = [{ jobId: 'a' }, { jobId: 'b' }] as ProofJobPayload[];
    await prover.onJobs(messagesOf(jobs), batch.context);
    expect([queued, stirred]).toEqual([['a', 'b'], []]);
    batch.commit();
    expect(stirred).toEqual([1]);
  });
});
