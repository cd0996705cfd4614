import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The exchange's risk measure after each forecast. */
@Entity('risk_record')
export class RiskRecordEntity {
  /** market time, milliseconds */
  @PrimaryColumn({ type: 'bigint' })
  at: string;

  @Column({ type: 'jsonb' })
  payload: object;
}
