import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The outcome of a command (a trade, a deposit, a withdrawal): a retry gets the same answer. */
@Entity('command_outcome')
export class CommandOutcomeEntity {
  @PrimaryColumn({ type: 'text' })
  topic: string;

  @PrimaryColumn({ type: 'text' })
  owner: string;

  @PrimaryColumn({ type: 'text' })
  id: string;

  /** of the command: another content under the same id is refused */
  @Column({ type: 'text' })
  digest: string;

  /** sequence of the book event that decided it */
  @Column({ type: 'bigint' })
  sequence: string;

  @Column({ type: 'jsonb' })
  event: object;
}
