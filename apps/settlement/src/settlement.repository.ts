import type { DataSource, EntityManager } from 'typeorm';
import type { StoredTransaction, TransactionStore } from '#lib/chain';
import type { EpochPayload } from '#lib/messages';
import type { ProofDocument } from '#lib/proofs';
import { ChainTransactionEntity, DatabaseLease, SettlementEpochEntity } from '#lib/storage';

/** "snd" */
const SENDER_LOCK = 0x736e64;

/** Tables of the settlement. */
export class SettlementRepository implements TransactionStore {
  constructor(readonly database: DataSource) {}

  /** Of the account on the chain: one process sends from it. */
  senderLease(): DatabaseLease {
    return new DatabaseLease(this.database, SENDER_LOCK);
  }

  async addEpoch(manager: EntityManager, epoch: EpochPayload): Promise<void> {
    await manager.query(
      `insert into settlement_epoch (epoch_id, bar_end, status, epoch) values ($1, $2, 'proving', $3::jsonb)
       on conflict (epoch_id) do nothing`,
      [epoch.epochId, epoch.barEnd, JSON.stringify(epoch)],
    );
  }

  epochs(limit: number): Promise<SettlementEpochEntity[]> {
    return this.database
      .getRepository(SettlementEpochEntity)
      .find({ order: { ordinal: 'DESC' }, take: limit });
  }

  epoch(epochId: string): Promise<SettlementEpochEntity | null> {
    return this.database.getRepository(SettlementEpochEntity).findOneBy({ epochId });
  }

  /** Epochs that are not on the chain yet, in order. */
  pending(manager: EntityManager): Promise<SettlementEpochEntity[]> {
    return manager
      .getRepository(SettlementEpochEntity)
      .find({ where: [{ status: 'proving' }, { status: 'settling' }], order: { ordinal: 'ASC' } });
  }

  async setEpoch(
    manager: EntityManager,
    epochId: string,
    status: SettlementEpochEntity['status'],
    details: { number?: number; reason?: string } = {},
  ): Promise<void> {
    await manager.query(
      `update settlement_epoch set status = $2, number = coalesce($3, number), reason = coalesce($4, reason)
       where epoch_id = $1`,
      [epochId, status, details.number ?? null, details.reason ?? null],
    );
  }

  async addTransaction(
    manager: EntityManager,
    transactionId: string,
    kind: ChainTransactionEntity['kind'],
    subject: { epochId?: string; planId?: string },
  ): Promise<void> {
    await manager.query(
      `insert into chain_transaction (transaction_id, kind, epoch_id, plan_id, status) values ($1, $2, $3, $4, 'waiting')
       on conflict (transaction_id) do nothing`,
      [transactionId, kind, subject.epochId ?? null, subject.planId ?? null],
    );
  }

  transaction(transactionId: string): Promise<ChainTransactionEntity | null> {
    return this.database.getRepository(ChainTransactionEntity).findOneBy({ transactionId });
  }

  transactions(limit: number): Promise<ChainTransactionEntity[]> {
    return this.database
      .getRepository(ChainTransactionEntity)
      .find({ order: { ordinal: 'DESC' }, take: limit });
  }

  /** Of jobs whose proofs have come: the proof, or why there is none. The prover's messages are kept as they come. */
  async proofs(
    manager: EntityManager,
    jobIds: readonly string[],
  ): Promise<Map<string, { document: ProofDocument | null; reason: string | null }>> {
    const rows = await manager.query<
      { job_id: string; document: ProofDocument | null; reason: string | null }[]
    >(
      `select name as job_id, value->'document' as document, value->>'reason' as reason
       from service_state where service = 'settlement-proof' and name = any($1)`,
      [jobIds],
    );
    return new Map(rows.map(({ job_id, document, reason }) => [job_id, { document, reason }]));
  }

  async keepProof(
    manager: EntityManager,
    jobId: string,
    proof: { document: object | null; reason: string | null },
  ): Promise<void> {
    await manager.query(
      `insert into service_state (service, name, value) values ('settlement-proof', $1, $2::jsonb)
       on conflict (service, name) do nothing`,
      [jobId, JSON.stringify(proof)],
    );
  }

  counts(): Promise<{ status: string; count: string }[]> {
    return this.database.query('select status, count(*) from chain_transaction group by status');
  }

  async open(): Promise<StoredTransaction[]> {
    const rows = await this.database.getRepository(ChainTransactionEntity).find({
      where: [{ status: 'waiting' }, { status: 'sent' }, { status: 'mined' }],
      order: { ordinal: 'ASC' },
    });
    return rows.map(storedTransaction);
  }

  async lately(): Promise<StoredTransaction[]> {
    const rows = await this.database
      .getRepository(ChainTransactionEntity)
      .find({ where: { status: 'confirmed' }, order: { ordinal: 'DESC' }, take: 50 });
    return rows.map(storedTransaction).reverse();
  }

  async lastNonce(): Promise<number | null> {
    const [{ nonce }] = await this.database.query<{ nonce: number | null }[]>(
      'select max(nonce) as nonce from chain_transaction',
    );
    return nonce;
  }

  async save(transaction: StoredTransaction): Promise<void> {
    await this.write(this.database.manager, transaction);
  }

  async write(manager: EntityManager, transaction: StoredTransaction): Promise<void> {
    const { id, status, nonce, attempts, hash, blockNumber, blockHash, gasUsed, reason } = transaction;
    await manager.query(
      `update chain_transaction set status = $2, nonce = $3, attempts = $4::jsonb, hash = $5, block_number = $6,
         block_hash = $7, gas_used = $8, reason = $9 where transaction_id = $1`,
      [id, status, nonce, JSON.stringify(attempts), hash, blockNumber, blockHash, gasUsed, reason],
    );
  }
}

function storedTransaction(row: ChainTransactionEntity): StoredTransaction {
  const number = (value: string | null) => (value === null ? null : Number(value));
  return {
    id: row.transactionId,
    ordinal: Number(row.ordinal),
    status: row.status,
    nonce: row.nonce,
    attempts: row.attempts as StoredTransaction['attempts'],
    hash: row.hash as StoredTransaction['hash'],
    blockNumber: number(row.blockNumber),
    blockHash: row.blockHash as StoredTransaction['blockHash'],
    gasUsed: number(row.gasUsed),
    reason: row.reason,
  };
}
