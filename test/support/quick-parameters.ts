/**
 * FIRST_PARAMETERS of tests: short windows, a model after thirty bars, a short horizon, and changes.
 *
 * @param changes groups of the parameters; `forecast` is changed in part
 */
export function quickParameters(
  { forecast, ...changes }: Readonly<Record<string, unknown>> = {},
  horizonBars = 8,
): string {
  return JSON.stringify({
    model: { horizonBars },
    forecast: { minimumBars: 30, windowBars: 60, refitEveryBars: 25, ...(forecast as object | undefined) },
    ...changes,
  });
}
