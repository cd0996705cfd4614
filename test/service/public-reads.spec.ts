import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InvalidInputError } from '#lib/errors';
import { HistoryReader } from '../../apps/historian/src/history-reader.js';
import { ProverRepository } from '../../apps/prover/src/index.js';
import { startTestDatabase, type TestDatabase } from '../support/database.js';

/** Readings that anybody, or any key, may ask for as often as the rate lets a call. */
describe('readings for everybody', () => {
  let server: TestDatabase;
  let database: DataSource;
  beforeAll(async () => {
    server = await startTestDatabase();
    database = await server.connect();
  }, 60_000);
  afterAll(async () => {
    await database.destroy();
    await server.stop();
  });

  it('the list of proofs has neither their inputs nor their bytes', async () => {
    await database.query(
      `insert into proof_job (job_id, statement, subject_kind, subject_id, status, input, document)
       select 'job-' || n, 'bar', 'forecast', 'f' || n, 'proven', '{"private": "input"}',
         jsonb_build_object('srs', 'srs-' || n, 'proof', repeat('ab', 50000)) from generate_series(1, 3) n`,
    );
    const repository = new ProverRepository(database);
    const found = await repository.list({ subjectKind: 'forecast' }, 2);
    expect(found.map(({ job, srs }) => [job.jobId, job.subjectId, srs])).toEqual([
      ['job-3', 'f3', 'srs-3'],
      ['job-2', 'f2', 'srs-2'],
    ]);
    expect(JSON.stringify(found).length).toBeLessThan(2000);
    expect(await repository.list({ status: 'failed' }, 50)).toEqual([]);
  });

  it('a reading of history that takes too long is ended by the database', async () => {
    await database.query(
      `create table history_risk_long partition of history_risk for values from (0) to (4e15)`,
    );
    await database.query(
      `insert into history_risk select 60000, 60000::bigint * n, '{"riskMeasure": 1}' from generate_series(0, 200000) n`,
    );
    const range = { from: 0, to: 60_000 * 200_000, step: 61 * 60_000 };
    const whole = await new HistoryReader(database).read('risk', range);
    expect((JSON.parse(whole) as { rows: unknown[] }).rows.length).toBeGreaterThan(3000);
    const hasty = new HistoryReader(database, 5);
    await expect(hasty.read('risk', range)).rejects.toThrow(InvalidInputError);
    await expect(hasty.read('risk', range)).rejects.toThrow(/takes longer than 0.005 s/);
    // The limit is the reading's: other statements of the connection have none.
    await database.query('select pg_sleep(0.05)');
  }, 60_000);
});
