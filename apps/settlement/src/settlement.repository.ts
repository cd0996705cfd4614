// Long because it is one list: every read and write of the settlement’s tables.
import type { DataSource, EntityManager } from 'typeorm';
import type { Address, Hex } from 'viem';
import type { PublishedHead, SignedReport, StoredTransaction, TransactionStore } from '#lib/chain';
import type { IncludedAccount } from '#lib/commitment';
import { AuditLog } from '#lib/host';
import type { EpochPayload, RiskParameters } from '#lib/messages';
import type { ProofDocument } from '#lib/proofs';
import { ChainTransactionEntity, DatabaseLease, SettlementEpochEntity } from '#lib/storage';

/** "snd" */
const SENDER_LOCK = 0x736e64;

/** A reporter's prices as they are kept: 18 decimals, as texts. */
interface StoredReport {
  readonly markets: readonly string[];
  readonly reporter: Address;
  readonly prices: readonly string[];
  readonly signature: Hex;
}

/** Binding of a plan's proof to the chain. */
export interface StoredPlan {
  readonly epochId: string;
  /** when it was opened, milliseconds */
  readonly at: number;
  readonly positions: readonly { readonly market: string; readonly size: number; readonly price: number }[];
  /** of the account: cash less funding owed and money that is reserved */
  readonly collateral: number;
}

/** Tables of the settlement. */
export class SettlementRepository implements TransactionStore {
  constructor(readonly database: DataSource) {}

  /** Of the account on the chain: one process sends with this account. */
  senderLease(): DatabaseLease {
    return new DatabaseLease(this.database, SENDER_LOCK);
  }

  /** The end of the audit log's chain; undefined while nothing is in it. */
  async auditHead(): Promise<PublishedHead | undefined> {
    const head = await new AuditLog(this.database).head();
    return head.sequence === 0 ? undefined : head;
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

  epoch(epochId: string, manager = this.database.manager): Promise<SettlementEpochEntity | null> {
    return manager.getRepository(SettlementEpochEntity).findOneBy({ epochId });
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
      `insert into service_state (service, name, value) values ('settlement-proof', $1, $2::json)
       on conflict (service, name) do nothing`,
      [jobId, JSON.stringify(proof)],
    );
  }

  /** The epoch whose forecast was in force at a time; null where that bar is not proven. */
  async epochAt(manager: EntityManager, at: number): Promise<SettlementEpochEntity | null> {
    const found = await manager
      .getRepository(SettlementEpochEntity)
      .createQueryBuilder('epoch')
      .where('epoch.barEnd <= :at', { at })
      .orderBy('epoch.barEnd', 'DESC')
      .limit(1)
      .getOne();
    const within = found !== null && at <= Number(found.barEnd) + (found.epoch as EpochPayload).barMs;
    return within ? found : null;
  }

  async keepPlan(manager: EntityManager, planId: string, plan: StoredPlan): Promise<void> {
    await manager.query(
      `insert into service_state (service, name, value) values ('settlement-plan', $1, $2::json)
       on conflict (service, name) do nothing`,
      [planId, JSON.stringify(plan)],
    );
  }

  async plan(planId: string, manager = this.database.manager): Promise<StoredPlan | undefined> {
    const [row] = await manager.query<{ value: StoredPlan }[]>(
      `select value from service_state where service = 'settlement-plan' and name = $1`,
      [planId],
    );
    return row?.value;
  }

  /** Keeps a version of the risk parameters. */
  async keepParameters(manager: EntityManager, version: number, parameters: RiskParameters): Promise<void> {
    await manager.query(
      `insert into service_state (service, name, value) values ('settlement-parameters', $1, $2::json)
       on conflict (service, name) do nothing`,
      [String(version), JSON.stringify(parameters)],
    );
  }

  /** Every version that is kept. */
  async parameters(): Promise<RiskParameters[]> {
    const rows = await this.database.query<{ value: RiskParameters }[]>(
      `select value from service_state where service = 'settlement-parameters'`,
    );
    return rows.map(({ value }) => value);
  }

  async latestParameters(): Promise<RiskParameters | undefined> {
    const [row] = await this.database.query<{ value: RiskParameters }[]>(
      `select value from service_state where service = 'settlement-parameters' order by name::int desc limit 1`,
    );
    return row?.value;
  }

  /** Keeps the place of a plan's account in the book of the bar before. */
  async keepLeaf(manager: EntityManager, planId: string, inclusion: object): Promise<void> {
    await manager.query(
      `insert into service_state (service, name, value) values ('settlement-leaf', $1, $2::json)
       on conflict (service, name) do nothing`,
      [planId, JSON.stringify(inclusion)],
    );
  }

  async leaf(planId: string, manager = this.database.manager): Promise<IncludedAccount | undefined> {
    const [row] = await manager.query<{ value: IncludedAccount }[]>(
      `select value from service_state where service = 'settlement-leaf' and name = $1`,
      [planId],
    );
    return row?.value;
  }

  /** Plans that wait for an epoch. */
  async plansOf(manager: EntityManager, epochId: string): Promise<string[]> {
    const rows = await manager.query<{ name: string }[]>(
      `select name from service_state where service = 'settlement-plan' and value->>'epochId' = $1 order by name`,
      [epochId],
    );
    return rows.map(({ name }) => name);
  }

  /** Plans whose prices are not on the chain yet, in order. */
  async plansAwaitingPrices(): Promise<StoredPlan[]> {
    const rows = await this.database.query<{ value: StoredPlan }[]>(
      `select s.value from chain_transaction t join service_state s on s.service = 'settlement-plan' and s.name = t.plan_id
       where t.kind = 'prices' and t.status = 'waiting' order by t.ordinal`,
    );
    return rows.map(({ value }) => value);
  }

  /** Epochs whose prices are not on the chain yet, in order. */
  async epochsAwaitingPrices(): Promise<SettlementEpochEntity[]> {
    return this.database
      .getRepository(SettlementEpochEntity)
      .createQueryBuilder('epoch')
      .innerJoin(ChainTransactionEntity, 'prices', 'prices.epochId = epoch.epochId')
      .where(`prices.kind = 'prices' and prices.status = 'waiting'`)
      .orderBy('epoch.ordinal')
      .getMany();
  }

  /** The epoch whose model waits to be proposed or installed; undefined where none does. */
  async epochOfWaitingModel(): Promise<string | undefined> {
    const [found] = await this.database.query<{ epoch_id: string }[]>(
      `select epoch_id from chain_transaction
       where kind in ('propose-model', 'install-model') and status = 'waiting' order by ordinal limit 1`,
    );
    return found?.epoch_id;
  }

  /** Reports of a bar that are of these markets in this order. */
  async reports(bar: number, markets: readonly string[]): Promise<SignedReport[]> {
    const rows = await this.database.query<{ value: StoredReport }[]>(
      `select value from service_state where service = 'price-report' and name like $1`,
      [`${bar}/%`],
    );
    return rows
      .filter(({ value }) => JSON.stringify(value.markets) === JSON.stringify(markets))
      .map(({ value: { reporter, prices, signature } }) => ({
        ...{ reporter, signature },
        prices: prices.map(BigInt),
      }));
  }

  async keepReport(
    bar: number,
    markets: readonly string[],
    { reporter, prices, signature }: SignedReport,
  ): Promise<void> {
    const stored: StoredReport = { markets, reporter, prices: prices.map(String), signature };
    await this.database.query(
      `insert into service_state (service, name, value) values ('price-report', $1, $2::json)
       on conflict (service, name) do nothing`,
      [`${bar}/${reporter.toLowerCase()}`, JSON.stringify(stored)],
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
