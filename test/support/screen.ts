/** A terminal as far as a block needs one: lines, and a cursor that goes up and clears the lines below. */
export class Screen {
  readonly isTTY = true;
  readonly lines: string[] = [''];
  private row = 0;

  constructor(readonly columns: number) {}

  write(text: string): boolean {
    for (const [, up, clear, newline, character] of text.matchAll(
      /\x1b\[(\d+)A|(\x1b\[0J)|(\n)|([^\x1b])/gu,
    )) {
      if (up !== undefined) this.row -= Number(up);
      else if (clear !== undefined) this.lines.splice(this.row, Infinity, '');
      else if (newline !== undefined) this.lines[++this.row] ??= '';
      else this.lines[this.row] += character;
    }
    return true;
  }

  /** As the block's stream. */
  get stream(): NodeJS.WriteStream {
    return this as unknown as NodeJS.WriteStream;
  }
}
