import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Events of the liquidation stream, in order: clients resume from any of these. */
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
