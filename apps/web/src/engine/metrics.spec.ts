import { describe, expect, it } from 'vitest';
import { samplesIn } from './metrics.js';

describe('metrics in text', () => {
  it('are read with their labels, escapes and infinities; comments are passed over', () => {
    const text =
      '# HELP a b\na 1.5\nb_total{group="x/0",topic="say \\"hi\\", \\\\ there"} +Inf\nc{} -2e3 1700000000\nnot a sample\n';
    expect(
      samplesIn(text).map(({ name, labels, value }) => [name, Object.fromEntries(labels), value]),
    ).toEqual([
      ['a', {}, 1.5],
      ['b_total', { group: 'x/0', topic: 'say "hi", \\ there' }, Infinity],
      ['c', {}, -2000],
    ]);
  });
});
