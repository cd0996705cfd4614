import { Column, Entity, PrimaryColumn } from 'typeorm';

/** An epoch on its way to the chain. */
@Entity('settlement_epoch')
export class SettlementEpochEntity {
  @PrimaryColumn({ type: 'text', name: 'epoch_id' })
  epochId: string;

  @Column({ type: 'bigint', generated: 'increment' })
  ordinal: string;

  /** milliseconds */
  @Column({ type: 'bigint', name: 'bar_end' })
  barEnd: string;

  @Column({ type: 'text' })
  status: 'proving' | 'settling' | 'settled' | 'failed';

  /** of the epoch on chain */
  @Column({ type: 'int', nullable: true })
  number: number | null;

  @Column({ type: 'jsonb' })
  epoch: object;

  @Column({ type: 'text', nullable: true })
  reason: string | null;
}
