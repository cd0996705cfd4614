import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The ledger after some event, so that a start need not fold the whole journal. */
@Entity('ledger_snapshot')
export class LedgerSnapshotEntity {
  @PrimaryColumn({ type: 'bigint' })
  sequence: string;

  /** how many parts it has */
  @Column({ type: 'int' })
  parts: number;
}

/** A part of a snapshot: the totals, or the books of some accounts. */
@Entity('ledger_snapshot_part')
export class LedgerSnapshotPartEntity {
  @PrimaryColumn({ type: 'bigint' })
  sequence: string;

  /** 0, 1, 2 …: they are read back in this order */
  @PrimaryColumn({ type: 'int' })
  part: number;

  @Column({ type: 'jsonb' })
  state: object;
}
