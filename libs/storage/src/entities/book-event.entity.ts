import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The journal: every event that has changed the book, in order. Append-only. */
@Entity('book_event')
export class BookEventEntity {
  /** 1, 2, 3 …: the ledger's event count after it */
  @PrimaryColumn({ type: 'bigint' })
  sequence: string;

  @Column({ type: 'text' })
  kind: string;

  /** market time, milliseconds */
  @Column({ type: 'bigint' })
  at: string;

  @Column({ type: 'jsonb' })
  payload: object;
}
