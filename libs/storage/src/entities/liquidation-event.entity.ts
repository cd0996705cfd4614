import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What the stream of liquidations has said, in order: clients resume from any of it. */
@Entity('liquidation_event')
export class LiquidationEventEntity {
  @PrimaryColumn({ type: 'bigint' })
  sequence: string;

  /** partition of accounts, and its own count of events */
  @Column({ type: 'int' })
  unit: number;

  @Column({ type: 'bigint', name: 'unit_sequence' })
  unitSequence: string;

  @Column({ type: 'text', name: 'plan_id' })
  planId: string;

  @Column({ type: 'jsonb' })
  payload: object;
}
