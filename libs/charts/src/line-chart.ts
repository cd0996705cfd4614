/** One line of a chart. */
export interface ChartSeries {
  readonly name: string;
  readonly colour: string;
  /** y at each x; null leaves a gap */
  readonly values: readonly (number | null)[];
}

export interface ChartOptions {
  readonly title: string;
  /** milliseconds, one a value */
  readonly times: readonly number[];
  readonly series: readonly ChartSeries[];
  readonly unit: string;
  readonly logarithmic?: boolean;
}

/** Charts above one another, as one SVG. */
export function stackedCharts(charts: readonly ChartOptions[]): string {
  const placed = charts.map((chart, i) =>
    lineChart(chart).replace('<svg ', `<svg y="${i * HEIGHT}" width="${WIDTH}" height="${HEIGHT}" `),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${charts.length * HEIGHT}">\n${placed.join('\n')}\n</svg>`;
}

const WIDTH = 960;
const HEIGHT = 320;
const MARGIN = { top: 40, right: 20, bottom: 36, left: 78 };
const MAXIMUM_POINTS = 1500;

/** A line chart as a self-contained SVG. */
export function lineChart({ title, times, series, unit, logarithmic = false }: ChartOptions): string {
  const inner = { width: WIDTH - MARGIN.left - MARGIN.right, height: HEIGHT - MARGIN.top - MARGIN.bottom };
  const transform = (value: number) => (logarithmic ? Math.log10(value) : value);
  const usable = (value: number | null): value is number =>
    value !== null && Number.isFinite(value) && (!logarithmic || value > 0);
  const all = series.flatMap(({ values }) => values.filter(usable).map(transform));
  let low = Math.min(...minMax(all));
  let high = Math.max(...minMax(all));
  if (low === high) {
    low -= 1;
    high += 1;
  }
  const x = (i: number) =>
    MARGIN.left + ((times[i] - times[0]) / Math.max(1, times[times.length - 1] - times[0])) * inner.width;
  const y = (value: number) => MARGIN.top + (1 - (transform(value) - low) / (high - low)) * inner.height;
  const step = Math.max(1, Math.ceil(times.length / MAXIMUM_POINTS));
  const paths = series.map(({ values, colour }) => {
    let path = '';
    let open = false;
    for (let i = 0; i < values.length; i += step) {
      const value = values[i];
      if (!usable(value)) {
        open = false;
        continue;
      }
      path += `${open ? 'L' : 'M'}${x(i).toFixed(1)} ${y(value).toFixed(1)}`;
      open = true;
    }
    return `<path d="${path}" fill="none" stroke="${colour}" stroke-width="1.4"/>`;
  });
  const yTicks = ticks(low, high, 5).map((value) => {
    const at = (MARGIN.top + (1 - (value - low) / (high - low)) * inner.height).toFixed(1);
    const label = compact(logarithmic ? 10 ** value : value);
    return (
      `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${at}" y2="${at}" stroke="#e3e6ea"/>` +
      `<text x="${MARGIN.left - 8}" y="${at}" text-anchor="end" dominant-baseline="middle">${label}</text>`
    );
  });
  const xTicks = Array.from({ length: 6 }, (_, i) => Math.round((i * (times.length - 1)) / 5)).map(
    (i) =>
      `<text x="${x(i).toFixed(1)}" y="${HEIGHT - 14}" text-anchor="${i === 0 ? 'start' : i === times.length - 1 ? 'end' : 'middle'}">${new Date(times[i]).toISOString().slice(0, 10)}</text>`,
  );
  const legend = series.map(
    ({ name, colour }, i) =>
      `<g transform="translate(${WIDTH - MARGIN.right - 150 * (series.length - i)}, 22)"><line x2="18" stroke="${colour}" stroke-width="2.5"/>` +
      `<text x="24" dominant-baseline="middle">${escape(name)}</text></g>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="12" fill="#333">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<text x="${MARGIN.left}" y="24" font-size="15" font-weight="600">${escape(title)}<tspan font-weight="400" fill="#777" dx="10">${escape(unit)}</tspan></text>`,
    ...yTicks,
    ...xTicks,
    ...paths,
    ...legend,
    '</svg>',
  ].join('\n');
}

function minMax(values: readonly number[]): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low > high ? [0, 1] : [low, high];
}

/** Round values between low and high. */
function ticks(low: number, high: number, count: number): number[] {
  const raw = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= raw)!;
  const result: number[] = [];
  for (let value = Math.ceil(low / step) * step; value <= high + 1e-9 * step; value += step)
    result.push(value);
  return result;
}

function compact(value: number): string {
  return new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 }).format(value);
}

function escape(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;');
}
