import { describe, expect, it } from 'vitest';
import { wholeText } from './whole-text.js';

describe(wholeText, () => {
  it.each([
    [1234567.6, '1,234,568'],
    [-1234.5, '-1,235'],
    [0, '0'],
    [-0, '0'],
    [-0.4, '0'],
    [-1e-9, '0'],
    [-0.6, '-1'],
  ])('shows %s as %s', (value, text) => {
    expect(wholeText(value)).toBe(text);
  });
});
