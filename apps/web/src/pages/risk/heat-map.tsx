import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Forecast } from '../../engine/answers.js';
import { fixedText } from '../../format/numbers.js';
import { dark } from '../../preferences.js';
import { groupsOf } from './groups.js';

interface Pair {
  readonly a: string;
  readonly b: string;
  readonly value: number;
}

const STRONGEST = 3;
/** Of −1, 0 and 1; between them in a straight line. */
const COLOURS = {
  light: [
    [178, 74, 20],
    [247, 247, 244],
    [10, 98, 132],
  ],
  dark: [
    [228, 138, 74],
    [25, 29, 37],
    [95, 185, 214],
  ],
} as const;

/** Correlations of the forecast, Σij/√(Σii Σjj), as colours; the strongest are also told in words. */
export function HeatMap({ forecast }: { forecast: Forecast }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const at = useSignal<Pair | undefined>(undefined);
  const isDark = dark.value;
  const { markets, covariance = [] } = forecast;
  const order = groupsOf(forecast, markets).flat();
  const index = order.map((market) => markets.indexOf(market));
  const n = order.length;
  const correlation = (i: number, j: number) => {
    const [p, q] = [index[i], index[j]];
    return covariance[p][q] / Math.sqrt(covariance[p][p] * covariance[q][q]);
  };
  useEffect(() => {
    const element = canvas.current;
    if (element === null || covariance.length === 0) return;
    element.width = n;
    element.height = n;
    const context = element.getContext('2d')!;
    const image = context.createImageData(n, n);
    const [negative, none, positive] = COLOURS[isDark ? 'dark' : 'light'];
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) {
        const value = correlation(i, j);
        const end = value < 0 ? negative : positive;
        for (let c = 0; c < 3; c++)
          image.data[4 * (i * n + j) + c] = none[c] + (end[c] - none[c]) * Math.min(1, Math.abs(value));
        image.data[4 * (i * n + j) + 3] = 255;
      }
    context.putImageData(image, 0, 0);
  }, [forecast, isDark]);
  if (covariance.length === 0) return <p class="quiet">The forecast came without its covariance.</p>;
  const pairs: Pair[] = [];
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++) pairs.push({ a: order[i], b: order[j], value: correlation(i, j) });
  pairs.sort((x, y) => Math.abs(y.value) - Math.abs(x.value));
  const words = pairs.slice(0, STRONGEST).map(({ a, b, value }) => `${a} and ${b} ${fixedText(value, 2)}`);
  return (
    <>
      <div class="heat">
        <canvas
          ref={canvas}
          role="img"
          aria-label={`Correlations of ${n} markets. The strongest: ${words.join(', ')}.`}
          onMouseMove={({ offsetX, offsetY, currentTarget }) => {
            const [j, i] = [offsetX / currentTarget.clientWidth, offsetY / currentTarget.clientHeight].map(
              (share) => Math.max(0, Math.min(n - 1, Math.floor(share * n))),
            );
            at.value = { a: order[i], b: order[j], value: correlation(i, j) };
          }}
          onMouseLeave={() => {
            at.value = undefined;
          }}
        />
      </div>
      <p class="note">
        {at.value === undefined
          ? `Strongest: ${words.join('; ')}.`
          : `${at.value.a} and ${at.value.b}: ${fixedText(at.value.value, 4)}`}
      </p>
      <p class="note legend">
        <span class="swatch negative" /> −1 <span class="swatch none" /> 0 <span class="swatch positive" /> 1
      </p>
    </>
  );
}
