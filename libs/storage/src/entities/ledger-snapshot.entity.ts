import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The ledger after some event, so that a start need not fold the whole journal. */
@Entity('ledger_snapshot')
export class LedgerSnapshotEntity {
  @PrimaryColumn({ type: 'bigint' })
  sequence: string;

  @Column({ type: 'jsonb' })
  state: object;
}
