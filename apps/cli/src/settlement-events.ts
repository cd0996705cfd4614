import { readFileSync } from 'node:fs';
import { messageOf, parseInput, parseJson } from '#lib/errors';
import {
  type BookEvent,
  type GainsCut,
  type HaircutSettled,
  lossLeaves,
  lossStatementOf,
  type PositionsReduced,
  reductionEquityFailures,
  reductionLeavesOf,
  reductionStatementOf,
} from '#lib/exchange';
import {
  lossChunkFailures,
  type LossLeaf,
  type LossStatement,
  lossStatementFailures,
  reductionChunkFailures,
  reductionGap,
  reductionGapFailures,
  type ReductionLeaf,
  type ReductionStatement,
  reductionStatementFailures,
} from '#lib/margin';
import { TOPICS } from '#lib/messages';
import { UsageError } from '#lib/terminal';

/** A settlement of losses as its events have it. */
export interface SettlementEvents {
  readonly settlementId: string;
  readonly loss: { readonly statement: LossStatement; readonly chunks: readonly (readonly LossLeaf[])[] };
  /** undefined where no position was reduced, or the reduction has no statement */
  readonly reduction:
    | { readonly statement: ReductionStatement; readonly chunks: readonly (readonly ReductionLeaf[])[] }
    | undefined;
  /** positions were reduced without a statement */
  readonly unstated: boolean;
}

/** Whether a file has book events, a line each, and not one answer of the engine. */
export function hasEvents(file: string): boolean {
  const [line] = readFileSync(file, 'utf8').split('\n', 1);
  try {
    return 'kind' in (parseJson(line, file) as object);
  } catch {
    return false;
  }
}

/**
 * The events of one settlement in a file of book events, a line each, as the topic `book` and the view book_event have them.
 *
 * @throws {UsageError} where they are not those of one settlement
 */
export function settlementEvents(file: string): SettlementEvents {
  const events = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line, i) => {
      try {
        const place = `${file}:${i + 1}`;
        return parseInput(TOPICS.book.payload, parseJson(line, place), place) as BookEvent;
      } catch (error) {
        throw new UsageError(messageOf(error));
      }
    });
  const ended = events.filter((event): event is HaircutSettled => event.kind === 'haircut-settled');
  if (ended.length !== 1)
    throw new UsageError(`${file}: must have one event haircut-settled, got ${ended.length}`);
  const [settled] = ended;
  if ((settled as { chunks?: unknown }).chunks === undefined)
    throw new UsageError(`${file}: haircut-settled must have the chunks of its statement`);
  const { settlementId } = settled;
  const parts = events.filter(
    (event): event is GainsCut => event.kind === 'gains-cut' && event.settlementId === settlementId,
  );
  if (parts.length !== settled.chunks.length)
    throw new UsageError(
      `${file}: must have ${settled.chunks.length} events gains-cut of ${settlementId}, got ${parts.length}`,
    );
  const reduced = events.filter(
    (event): event is PositionsReduced =>
      event.kind === 'positions-reduced' && event.settlementId === settlementId,
  );
  const program = reduced[0]?.program;
  const statement = reductionStatementOf(reduced);
  return {
    settlementId,
    loss: { statement: lossStatementOf(settled), chunks: parts.map(lossLeaves) },
    reduction:
      program && statement
        ? { statement, chunks: reduced.map((part) => reductionLeavesOf(program, part)) }
        : undefined,
    unstated: reduced.length > 0 && statement === undefined,
  };
}

/**
 * Why a settlement is not by the rules, by its own events: each cut is the exact share, each position is closed on the reduced side, by
 * the equity that the cut has left, and no other way of closing leaves less risk. Empty where it is.
 */
export function settlementFailures({ loss, reduction, unstated }: SettlementEvents): string[] {
  const failures = lossStatementFailures(loss.statement);
  let after = '';
  loss.chunks.forEach((leaves, k) => {
    failures.push(...lossChunkFailures(loss.statement, k, leaves, after));
    after = leaves.at(-1)?.account ?? after;
  });
  if (unstated) failures.push('positions were reduced without a statement');
  if (reduction === undefined) return failures;
  const { statement, chunks } = reduction;
  const stated = reductionStatementFailures(statement);
  if (stated.length > 0) return [...failures, ...stated];
  let last = '';
  chunks.forEach((leaves, k) => {
    failures.push(...reductionChunkFailures(statement, k, leaves, last));
    last = leaves.at(-1)?.account ?? last;
  });
  const leaves = chunks.flat();
  failures.push(
    ...reductionEquityFailures(leaves, loss.chunks.flat()),
    ...reductionGapFailures(reductionGap(statement.terms, leaves)),
  );
  return failures;
}
