import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A liquidation: its plan and its outcome. Money as decimal strings. */
@Entity('liquidation')
export class LiquidationEntity {
  @PrimaryColumn({ type: 'text', name: 'plan_id' })
  planId: string;

  /** in the order in which plans were opened, over all units */
  @Column({ type: 'bigint', generated: 'increment' })
  number: string;

  /** partition of accounts */
  @Column({ type: 'int' })
  unit: number;

  /** 1, 2, 3 … in the order the unit has made them */
  @Column({ type: 'bigint' })
  ordinal: string;

  /** margin account */
  @Column({ type: 'text' })
  account: string;

  @Column({ type: 'text' })
  status: 'open' | 'executed' | 'partially-executed' | 'expired' | 'superseded' | 'refused';

  /** offers of liquidators, who has a claim, who has won */
  @Column({ type: 'jsonb' })
  race: object;

  /** market time, milliseconds */
  @Column({ type: 'bigint', name: 'opened_at' })
  openedAt: string;

  @Column({ type: 'bigint', name: 'closed_at', nullable: true })
  closedAt: string | null;

  @Column({ type: 'text' })
  outcome: string;

  @Column({ type: 'text', nullable: true })
  method: string | null;

  /** relative; null where no plan restores the margin */
  @Column({ type: 'double precision', nullable: true })
  gap: number | null;

  @Column({ type: 'numeric' })
  objective: string;

  @Column({ type: 'numeric', name: 'closed_notional' })
  closedNotional: string;

  /** notional of all positions, which a full closing would close */
  @Column({ type: 'numeric' })
  notional: string;

  @Column({ type: 'numeric' })
  shortfall: string;

  /** the message that opened it */
  @Column({ type: 'jsonb' })
  opened: object;
}
