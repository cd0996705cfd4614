import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A closed bar: the estimation window of the next fit. */
@Entity('bar')
export class BarEntity {
  /** milliseconds */
  @PrimaryColumn({ type: 'bigint', name: 'bar_end' })
  barEnd: string;

  /** close by market */
  @Column({ type: 'jsonb' })
  prices: Record<string, number>;

  @Column({ type: 'jsonb' })
  stale: string[];
}
