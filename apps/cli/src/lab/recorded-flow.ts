import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { flowOfCsv, flowOfJournal, type PricePanel, RecordedFlow } from '#lib/lab';
import { UsageError } from '#lib/terminal';

/** A file of recorded commands. */
export interface FlowFile {
  readonly file: string;
  /** SHA-256 */
  readonly digest: string;
}

/**
 * Recorded commands of a CSV, or of a journal of book events as lines of JSON.
 *
 * @param expected digest that the file must have
 * @throws {UsageError} for another file
 */
export function recordedFlow(
  file: string,
  { markets, times }: Pick<PricePanel, 'markets' | 'times'>,
  expected?: string,
): { readonly flow: RecordedFlow; readonly digest: string } {
  const bytes = readFileSync(file);
  const digest = createHash('sha256').update(bytes).digest('hex');
  if (expected !== undefined && digest !== expected)
    throw new UsageError(`${file} is not the flow of the report: ${digest} and not ${expected}`);
  const lines = bytes.toString('utf8').split('\n');
  const commands = lines[0].startsWith('{') ? flowOfJournal(lines) : flowOfCsv(lines);
  return { flow: new RecordedFlow(commands, markets, times), digest };
}
