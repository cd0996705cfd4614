import { quickParameters } from './quick-parameters.js';

/** Environment of a replay in which accounts are liquidated often: linear margin whose two rates are close to each other. */
export const NARROW_MARGINS = {
  FIRST_PARAMETERS: quickParameters({
    margin: {
      mode: 'linear',
      rates: { default: { maintenance: 0.165, initial: 0.17 }, markets: {} },
    },
  }),
};
