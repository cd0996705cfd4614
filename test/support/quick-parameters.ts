/** FIRST_PARAMETERS of tests: a short horizon, and changes. */
export function quickParameters(changes: Readonly<Record<string, unknown>> = {}, horizonBars = 8): string {
  return JSON.stringify({ model: { horizonBars }, ...changes });
}
