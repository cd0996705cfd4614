import { quickParameters } from './quick-parameters.js';

/**
 * Environment of a replay in which accounts are liquidated often: linear margin whose two rates are close to each other.
 *
 * @param forecast changes of the forecast's parameters
 */
export function narrowMargins(forecast: Readonly<Record<string, unknown>> = {}): {
  FIRST_PARAMETERS: string;
} {
  return {
    FIRST_PARAMETERS: quickParameters({
      forecast,
      margin: {
        mode: 'linear',
        rates: { default: { maintenance: 0.165, initial: 0.17 }, markets: {} },
      },
    }),
  };
}
