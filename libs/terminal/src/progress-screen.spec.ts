import { describe, expect, it } from 'vitest';
import { ProgressScreen } from './progress-screen.js';
import { Screen } from '../../../test/support/screen.js';

const at = (bar: number) => () => ({ lines: [`bar ${bar}`, 'ρ 0'], below: ['an address'], record: { bar } });

describe(ProgressScreen, () => {
  it('is one block on a terminal, below the sentences, that keeps its pace', () => {
    const screen = new Screen(40);
    let now = 0;
    const progress = new ProgressScreen({ log: screen.stream, clock: () => now });
    progress.say('begun');
    for (const bar of [1, 2, 3]) {
      progress.show(at(bar));
      now += 100;
    }
    expect(screen.lines).toEqual(['begun', 'bar 1', 'ρ 0', 'an address', '']);
    progress.show(at(4));
    progress.say('a warning');
    progress.show(at(5));
    progress.finish();
    progress.say('the report');
    expect(screen.lines).toEqual(['begun', 'a warning', 'bar 5', 'ρ 0', 'an address', 'the report', '']);
  });

  it('is a line now and then on a pipe', () => {
    let [text, now] = ['', 0];
    const log = { write: (more: string) => (text += more) } as unknown as NodeJS.WriteStream;
    const progress = new ProgressScreen({ log, clock: () => now });
    progress.show(at(1));
    progress.show(at(2));
    now = 5000;
    progress.show(at(3));
    progress.say('a warning');
    progress.finish();
    progress.finish();
    expect(text).toBe('bar 1  ρ 0\nbar 3  ρ 0\na warning\nbar 3  ρ 0\n');
  });

  it('is objects for programs, even on a terminal', () => {
    const screen = new Screen(40);
    let text = '';
    const progress = new ProgressScreen({
      log: screen.stream,
      records: { write: (more) => (text += more) },
    });
    progress.say('begun');
    progress.show(at(1));
    const records = text.trim().split('\n');
    expect(records.map((line) => JSON.parse(line) as unknown)).toEqual([
      { kind: 'note', text: 'begun' },
      { kind: 'progress', bar: 1 },
    ]);
    expect(screen.lines).toEqual(['']);
  });
});
