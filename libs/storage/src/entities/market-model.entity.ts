import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A published covariance model, whole. */
@Entity('market_model')
export class MarketModelEntity {
  @PrimaryColumn({ type: 'int' })
  version: number;

  /** end of the last bar it was fitted on, milliseconds */
  @Column({ type: 'bigint', name: 'fitted_on' })
  fittedOn: string;

  @Column({ type: 'jsonb' })
  model: object;

  @Column({ type: 'jsonb' })
  diagnostics: object;
}
