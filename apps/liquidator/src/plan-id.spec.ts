import { describe, expect, it } from 'vitest';
import { planIdOf, unitOfPlan } from './plan-id.js';

describe('a plan’s id', () => {
  it('says which unit has made it', () => {
    for (const unit of [0, 1, 7, 11]) expect(unitOfPlan(planIdOf(unit, 42), 12)).toBe(unit);
  });

  it('that no unit has made is the first one’s, which refuses it', () => {
    for (const id of ['lq-12-1', 'lq-01-1', 'lq--1-1', 'x-3-1', 'lq-3-', '3', 'lq-3-1x', 'lq-99999999-1'])
      expect([id, unitOfPlan(id, 12)]).toEqual([id, 0]);
  });
});
