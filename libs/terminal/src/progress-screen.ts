import { LiveBlock } from './live-block.js';

/** How far a work has come, for people and for programs. */
export interface Progress {
  readonly lines: readonly string[];
  /** lines that a terminal shows below them, and nothing else does */
  readonly below?: readonly string[];
  /** the same as a JSON object */
  readonly record: object;
}

export interface ProgressOutput {
  /** for people */
  readonly log: NodeJS.WriteStream;
  /** where objects are written, a line each; undefined: the lines for people are all */
  readonly records?: { write(text: string): unknown };
  /** milliseconds, of any beginning */
  readonly clock?: () => number;
}

/** How often progress is shown, milliseconds. */
const TERMINAL_EVERY_MS = 250;
const LINES_EVERY_MS = 5000;
const RECORDS_EVERY_MS = 1000;

/**
 * Progress of a long work: on a terminal one block that is rewritten in place, on a pipe a line every few seconds, for programs a JSON
 * object a line. Sentences that are said once stand above the block, or are lines or objects between the others.
 */
export class ProgressScreen {
  private readonly block: LiveBlock | undefined;
  private readonly every: number;
  private readonly clock: () => number;
  private shownAt = -Infinity;
  private latest: (() => Progress) | undefined;

  constructor(private readonly output: ProgressOutput) {
    const { log, records, clock = () => performance.now() } = output;
    this.block = records === undefined && log.isTTY ? new LiveBlock(log) : undefined;
    this.every =
      records !== undefined
        ? RECORDS_EVERY_MS
        : this.block === undefined
          ? LINES_EVERY_MS
          : TERMINAL_EVERY_MS;
    this.clock = clock;
  }

  /** A sentence, once. */
  say(line: string): void {
    const { log, records } = this.output;
    if (records !== undefined) write(records, { kind: 'note', text: line });
    else if (this.block === undefined) log.write(`${line}\n`);
    else this.block.say(line);
  }

  /** How far the work is: shown if nothing has been for a while. `progress` is called when it is shown. */
  show(progress: () => Progress): void {
    this.latest = progress;
    if (this.clock() - this.shownAt >= this.every) this.showLatest();
  }

  /** The end of the work: what it came to is shown whatever the pace, and stays. */
  finish(): void {
    this.showLatest();
    this.latest = undefined;
    this.block?.leave();
  }

  private showLatest(): void {
    if (this.latest === undefined) return;
    this.shownAt = this.clock();
    const { log, records } = this.output;
    const { lines, below = [], record } = this.latest();
    if (records !== undefined) write(records, { kind: 'progress', ...record });
    else if (this.block === undefined) log.write(`${lines.join('  ')}\n`);
    else this.block.show([...lines, ...below]);
  }
}

function write(records: NonNullable<ProgressOutput['records']>, record: object): void {
  records.write(`${JSON.stringify(record)}\n`);
}
