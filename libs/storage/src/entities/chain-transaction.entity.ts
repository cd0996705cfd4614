import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A transaction from its request to its confirmation. */
@Entity('chain_transaction')
export class ChainTransactionEntity {
  @PrimaryColumn({ type: 'text', name: 'transaction_id' })
  transactionId: string;

  @Column({ type: 'bigint', generated: 'increment' })
  ordinal: string;

  @Column({ type: 'text' })
  kind: 'prices' | 'propose-model' | 'install-model' | 'publish' | 'attest';

  @Column({ type: 'text', name: 'epoch_id', nullable: true })
  epochId: string | null;

  @Column({ type: 'text', name: 'plan_id', nullable: true })
  planId: string | null;

  @Column({ type: 'text' })
  status: 'waiting' | 'sent' | 'mined' | 'confirmed' | 'refused';

  @Column({ type: 'int', nullable: true })
  nonce: number | null;

  /** signed forms, oldest first */
  @Column({ type: 'jsonb' })
  attempts: object[];

  @Column({ type: 'text', nullable: true })
  hash: string | null;

  @Column({ type: 'bigint', name: 'block_number', nullable: true })
  blockNumber: string | null;

  @Column({ type: 'text', name: 'block_hash', nullable: true })
  blockHash: string | null;

  @Column({ type: 'bigint', name: 'gas_used', nullable: true })
  gasUsed: string | null;

  @Column({ type: 'text', nullable: true })
  reason: string | null;

  @Column({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;
}
