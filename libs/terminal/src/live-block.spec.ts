import { describe, expect, it } from 'vitest';
import { LiveBlock } from './live-block.js';
import { Screen } from '../../../test/support/screen.js';

describe(LiveBlock, () => {
  it('is rewritten in place, whatever its length, under what has been said', () => {
    const screen = new Screen(20);
    const block = new LiveBlock(screen.stream);
    block.say('begun');
    block.show(['one', 'two', 'three']);
    block.show(['uno', 'dos']);
    block.say('a warning');
    block.show(['eins']);
    expect(screen.lines).toEqual(['begun', 'a warning', 'eins', '']);
  });

  it('never wraps: a longer line is cut to the screen', () => {
    const screen = new Screen(8);
    const block = new LiveBlock(screen.stream);
    block.show(['ρ 123456789', 'short']);
    expect(screen.lines).toEqual(['ρ 1234…', 'short', '']);
    expect(Math.max(...screen.lines.map((line) => Array.from(line).length))).toBeLessThan(8);
  });

  it('stays where it is left', () => {
    const screen = new Screen(20);
    const block = new LiveBlock(screen.stream);
    block.show(['done']);
    block.leave();
    block.show(['next']);
    expect(screen.lines).toEqual(['done', 'next', '']);
  });
});
