import { balanced, defineRule } from './rule.js';

/** About the greatest value of E·(x − x³/6), 0.5385: it makes the amplitude the height of the bump. The constant in use elsewhere. */
const CHANNEL_HEIGHT = 0.5415;

/**
 * Against small moves, with large ones: inside a channel of width W the signal is a bump of height A against the gradient,
 * outside it is a power of the gradient.
 *
 * E = exp(−g²/2W²), x = πg/3W, s = −A·E·(x − x³/6)/0.5415 + (1−E)·sgn(g)·|g/2S|^X; Δw = k·(s − Σks/Σk).
 */
export const meanReversion = defineRule({
  name: 'mean-reversion',
  description: 'against small moves, with large ones',
  sees: 'gradients',
  says: 'change',
  parameters: {
    k: { description: 'change of weight by signal', unit: '1', default: 0.1, search: [0.001, 10] },
    width: {
      description: 'W, half the width of the channel',
      unit: 'relative gradient by step',
      default: 0.001,
      search: [1e-5, 0.1],
    },
    amplitude: {
      description: 'A, height of the bump in the channel',
      unit: '1',
      default: 0.1,
      search: [0.001, 10],
    },
    exponent: { description: 'X, power outside the channel', unit: '1', default: 1, search: [0.25, 4] },
    scale: {
      description: 'S, gradient of signal one half outside the channel',
      unit: 'relative gradient by step',
      default: 0.005,
      search: [1e-4, 1],
    },
  },
  apply({ estimates, parameters: { k, width, amplitude, exponent, scale } }, out) {
    for (let i = 0; i < out.length; i++) {
      const gradient = estimates[i];
      const inside = Math.exp(-(gradient * gradient) / (2 * width[i] * width[i]));
      const x = (Math.PI * gradient) / (3 * width[i]);
      const against = (-amplitude[i] * inside * (x - x ** 3 / 6)) / CHANNEL_HEIGHT;
      const along = (1 - inside) * Math.sign(gradient) * Math.abs(gradient / (2 * scale[i])) ** exponent[i];
      out[i] = against + along;
    }
    balanced(out, k, out);
  },
});
