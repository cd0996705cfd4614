import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A margin account as the liquidator knows it. */
@Entity('margin_account')
export class MarginAccountEntity {
  @PrimaryColumn({ type: 'text' })
  account: string;

  /** partition of accounts */
  @Column({ type: 'int' })
  unit: number;

  /** the ledger's event count it is as of */
  @Column({ type: 'bigint' })
  sequence: string;

  @Column({ type: 'jsonb' })
  state: object;
}
