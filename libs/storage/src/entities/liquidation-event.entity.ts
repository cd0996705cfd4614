import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What the stream of liquidations has said, in order: clients resume from any of it. */
@Entity('liquidation_event')
export class LiquidationEventEntity {
  @PrimaryColumn({ type: 'bigint' })
  sequence: string;

  @Column({ type: 'text', name: 'plan_id' })
  planId: string;

  @Column({ type: 'jsonb' })
  payload: object;
}
