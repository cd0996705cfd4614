import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Snapshots of the ledger in parts: one value for a million accounts nears what jsonb can hold. */
export class SnapshotParts1700000004000 implements MigrationInterface {
  name = 'SnapshotParts1700000004000';

  async up(runner: QueryRunner): Promise<void> {
    // A snapshot that was taken whole is one of a single part.
    await runner.query(`
      create table ledger_snapshot_part (
        sequence bigint not null references ledger_snapshot on delete cascade, part int not null, state jsonb not null,
        primary key (sequence, part));
      insert into ledger_snapshot_part select sequence, 0, state from ledger_snapshot;
      alter table ledger_snapshot drop column state;
      alter table ledger_snapshot add column parts int not null default 1;
      alter table ledger_snapshot alter column parts drop default;`);
  }

  async down(runner: QueryRunner): Promise<void> {
    // They are taken again: the journal has it all.
    await runner.query(`
      drop table ledger_snapshot_part;
      delete from ledger_snapshot;
      alter table ledger_snapshot drop column parts;
      alter table ledger_snapshot add column state jsonb not null;`);
  }
}
