import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A service's state between batches, committed with the offsets it was made from. */
@Entity('service_state')
export class ServiceStateEntity {
  @PrimaryColumn({ type: 'text' })
  service: string;

  @PrimaryColumn({ type: 'text' })
  name: string;

  /** Read and written whole, at every batch: as text, which the server need not take apart. */
  @Column({ type: 'json' })
  value: unknown;
}
