import { describe, expect, it } from 'vitest';
import { LiveBlock } from './live-block.js';

/** A terminal as far as the block needs one: lines, and a cursor that goes up and clears the lines below. */
class Screen {
  readonly lines: string[] = [''];
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
  private row = 0;
}

describe(LiveBlock, () => {
  it('is rewritten in place, whatever its length, under what has been said', () => {
    const screen = new Screen(20);
    const block = new LiveBlock(screen as unknown as NodeJS.WriteStream);
    block.say('begun');
    block.show(['one', 'two', 'three']);
    block.show(['uno', 'dos']);
    block.say('a warning');
    block.show(['eins']);
    expect(screen.lines).toEqual(['begun', 'a warning', 'eins', '']);
  });

  it('never wraps: a longer line is cut to the screen', () => {
    const screen = new Screen(8);
    const block = new LiveBlock(screen as unknown as NodeJS.WriteStream);
    block.show(['ρ 123456789', 'short']);
    expect(screen.lines).toEqual(['ρ 1234…', 'short', '']);
    expect(Math.max(...screen.lines.map((line) => Array.from(line).length))).toBeLessThan(8);
  });
});
