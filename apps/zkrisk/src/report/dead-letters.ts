import type { DataSource } from 'typeorm';

/** Messages that could not be taken, put together by topic and reason. */
export interface DeadLetters {
  readonly topic: string;
  /** as it was told of the first; figures and ids differ in the others */
  readonly reason: string;
  readonly count: number;
}

/** Most kinds that a report lists. */
const MOST_KINDS = 50;

/** Dead letters of the embedded log, the most frequent first. */
export async function deadLettersOf(database: DataSource): Promise<DeadLetters[]> {
  // Reasons that differ in figures and ids only count as one.
  return database.query<DeadLetters[]>(
    `select topic, min(reason) as reason, count(*)::int as count from (
       select value::jsonb->>'topic' as topic, value::jsonb->>'reason' as reason from log_record where topic like '%.dead') letters
     group by topic, regexp_replace(reason, '[^[:space:]]*[0-9][^[:space:]]*', '#', 'g')
     order by count(*) desc, topic, reason limit ${MOST_KINDS}`,
  );
}

/** Lines of the report's table. */
export function deadLetterRows(letters: readonly DeadLetters[]): [string, string][] {
  if (letters.length === 0) return [['dead letters', 'none']];
  return letters.map(({ topic, reason, count }) => [`dead letters, ${topic}`, `${count}: ${reason}`]);
}
