/** A few lines at the end of a terminal that are rewritten in place; lines that are printed once stand above. */
export class LiveBlock {
  private lines: readonly string[] = [];

  constructor(private readonly stream: NodeJS.WriteStream) {}

  /** Shows these lines in place of the ones before. */
  show(lines: readonly string[]): void {
    this.stream.write(this.erasing() + text(lines, this.stream.columns));
    this.lines = lines;
  }

  /** Writes a line above the block. */
  say(line: string): void {
    this.stream.write(`${this.erasing()}${line}\n${text(this.lines, this.stream.columns)}`);
  }

  /** The block stays as it is; what follows stands below it. */
  leave(): void {
    this.lines = [];
  }

  /** The sequence that moves the cursor to the block's beginning and clears the lines below. */
  private erasing(): string {
    return this.lines.length === 0 ? '' : `\x1b[${this.lines.length}A\x1b[0J`;
  }
}

/** A line that wraps would be two to go back: longer ones are cut. */
function text(lines: readonly string[], columns: number): string {
  const cut = (line: string) => {
    const characters = Array.from(line);
    return characters.length < columns ? line : `${characters.slice(0, Math.max(1, columns - 2)).join('')}…`;
  };
  return lines.map((line) => `${cut(line)}\n`).join('');
}
