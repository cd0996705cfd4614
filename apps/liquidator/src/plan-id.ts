/** The id of a unit's plan, by its number. */
export function planIdOf(unit: number, number: number): string {
  return `lq-${unit}-${number}`;
}

/** The unit whose plan it is; the first, which refuses it, where no unit makes such ids. */
export function unitOfPlan(planId: string, units: number): number {
  const unit = Number(/^lq-(0|[1-9]\d{0,5})-\d+$/.exec(planId)?.[1] ?? 0);
  return unit < units ? unit : 0;
}
