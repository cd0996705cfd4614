/** Writes an answer as JSON. */
export function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** Writes a note for the reader of the screen, apart from the answer. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`);
}
