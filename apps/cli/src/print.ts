import { type Progress, ProgressScreen } from '#lib/terminal';

const screen = new ProgressScreen({ log: process.stderr });

/** Writes an answer as JSON. */
export function print(value: unknown): void {
  printText(JSON.stringify(value, null, 2));
}

/** Writes an answer as text. */
export function printText(text: string): void {
  screen.finish();
  process.stdout.write(`${text}\n`);
}

/** Writes a note for the reader of the screen, apart from the answer. */
export function note(line: string): void {
  screen.say(line);
}

/** Shows how far a command is, in one block on a terminal, as a line now and then elsewhere. */
export function progress(now: () => Progress): void {
  screen.show(now);
}
