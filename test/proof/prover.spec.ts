import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EmbeddedLog } from '#lib/events';
import { type ProofJobPayload, type ProofPayload, TOPICS } from '#lib/messages';
import { liquidate, loadSolvers } from '#lib/liquidation';
import { createProver, liquidationStatement, parseProof } from '#lib/proofs';
import { ProofRunner, ProverRepository } from '../../apps/prover/src/index.js';
import { randomCase } from '../support/liquidation-cases.js';
import { eventually, startTestDatabase, type TestDatabase } from '../support/database.js';

const child = join(import.meta.dirname, '..', 'support', 'run-prover.js');

const plan = liquidate(randomCase(9, { n: 3 }), await loadSolvers());

function job(jobId: string, change: object = {}): ProofJobPayload {
  const input = { plan: { ...plan, ...change } };
  return { jobId, statement: 'liquidation', subject: { kind: 'other', id: 'test', at: null }, input };
}

describe('the queue of proofs', () => {
  let server: TestDatabase;
  let database: DataSource;
  let repository: ProverRepository;
  let log: EmbeddedLog;
  const published = async (): Promise<ProofPayload[]> =>
    (await log.read(TOPICS.proofs.name, 0, 0n, 100)).map(
      ({ value }) => (JSON.parse(value) as { payload: ProofPayload }).payload,
    );
  const run = () => {
    const environment = { ...process.env, ZKRISK_DATA_DIR: server.directory };
    return new ProofRunner(repository, log, createProver({}, environment), { threads: 1, attempts: 3 });
  };

  beforeAll(async () => {
    server = await startTestDatabase();
    database = await server.connect();
    repository = new ProverRepository(database);
    log = new EmbeddedLog(database);
  });
  afterAll(() => server.stop());

  it('killed in the middle of a proof, makes it anew: once, however often the job was asked for', async () => {
    for (let again = 0; again < 3; again++) await repository.enqueue(database.manager, job('killed'));
    let worker: string | null = null;
    for (let kill = 0; kill < 2; kill++) {
      const prover = spawn(process.execPath, [child], {
        env: { ...process.env, DATABASE_URL: server.url, ZKRISK_DATA_DIR: server.directory },
        stdio: 'inherit',
      });
      const taken = async () => {
        const { status, claimedBy } = (await repository.find('killed'))!;
        return status === 'running' && claimedBy !== worker;
      };
      await eventually(taken, 'the job is taken, from whom was killed before', 60_000);
      worker = (await repository.find('killed'))!.claimedBy;
      prover.kill('SIGKILL');
      await once(prover, 'exit');
      expect(await published()).toEqual([]);
    }
    const runner = run();
    await runner.start();
    await eventually(async () => (await repository.depth()).proven === 1, 'the proof is made', 120_000);
    await runner.close();
    const found = await repository.find('killed');
    expect(found).toMatchObject({ status: 'proven', attempts: 3 });
    const messages = await published();
    expect(messages.map(({ jobId, status }) => ({ jobId, status }))).toEqual([
      { jobId: 'killed', status: 'proven' },
    ]);
    const verifier = createProver();
    expect((await verifier.verify(liquidationStatement, parseProof(messages[0].document))).failures).toEqual(
      [],
    );
    await verifier.close();
  }, 240_000);

  it('says why a statement cannot be proven, and goes on with the next', async () => {
    await repository.enqueue(database.manager, job('wrong', { outcome: 'none' }));
    await repository.enqueue(database.manager, { ...job('unknown'), statement: 'nothing' });
    await repository.enqueue(database.manager, job('right'));
    const runner = run();
    await runner.start();
    await eventually(
      async () => (await repository.find('right'))!.status === 'proven',
      'the last is proven',
      120_000,
    );
    await runner.close();
    expect(await repository.find('wrong')).toMatchObject({
      status: 'failed',
      reason: expect.stringContaining('outcome') as string,
    });
    expect(await repository.find('unknown')).toMatchObject({
      status: 'failed',
      reason: expect.stringContaining('statement') as string,
    });
    expect((await published()).map(({ jobId, status }) => `${jobId} ${status}`)).toEqual([
      'killed proven',
      'wrong failed',
      'unknown failed',
      'right proven',
    ]);
  }, 180_000);
});
