import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What a service remembers between batches, committed with the offsets that made it. */
@Entity('service_state')
export class ServiceStateEntity {
  @PrimaryColumn({ type: 'text' })
  service: string;

  @PrimaryColumn({ type: 'text' })
  name: string;

  @Column({ type: 'jsonb' })
  value: unknown;
}
