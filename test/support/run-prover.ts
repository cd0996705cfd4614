// Runs the queue of proofs of DATABASE_URL until the drill kills it.
import { DataSource } from 'typeorm';
import { EmbeddedLog } from '#lib/events';
import { createProver } from '#lib/proofs';
import { dataSourceOptions } from '#lib/storage';
import { ProofRunner, ProverRepository } from '../../apps/prover/src/index.js';

const database = await new DataSource(dataSourceOptions(process.env.DATABASE_URL!)).initialize();
const runner = new ProofRunner(new ProverRepository(database), new EmbeddedLog(database), createProver(), {
  threads: 1,
  attempts: 3,
});
await runner.start();
setInterval(() => {
  runner.stir();
}, 100);
