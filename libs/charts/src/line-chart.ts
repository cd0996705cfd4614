import { timeTicks } from './time-axis.js';
import { type Scale, type ValueAxis, valueAxis } from './value-axis.js';

/** One line of a chart. */
export interface ChartSeries {
  readonly name: string;
  readonly colour: string;
  /** y at each x; null leaves a gap */
  readonly values: readonly (number | null)[];
}

export interface ChartOptions {
  readonly title: string;
  /** milliseconds, one a value, increasing */
  readonly times: readonly number[];
  readonly series: readonly ChartSeries[];
  /** of the values, as the axis says it */
  readonly unit: string;
  /** default: logarithmic where the values are positive and span two decades */
  readonly scale?: Scale;
  /** columns from zero instead of a line; a column of 0 is not there */
  readonly columns?: boolean;
}

const WIDTH = 960;
const HEIGHT = 340;
const MARGIN = { top: 40, right: 20, bottom: 56, left: 92 };
const INNER = { width: WIDTH - MARGIN.left - MARGIN.right, height: HEIGHT - MARGIN.top - MARGIN.bottom };
const MAXIMUM_POINTS = 1500;
const MOST_TIMES = 8;

/** Charts above one another, as one SVG. */
export function stackedCharts(charts: readonly ChartOptions[]): string {
  const placed = charts.map((chart, i) =>
    lineChart(chart).replace('<svg ', `<svg y="${i * HEIGHT}" width="${WIDTH}" height="${HEIGHT}" `),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${charts.length * HEIGHT}">\n${placed.join('\n')}\n</svg>`;
}

/** A chart over time as a self-contained SVG: times in UTC below, values with their unit at the left. */
export function lineChart(options: ChartOptions): string {
  const { title, times, series, unit, columns = false } = options;
  const usable = (value: number | null): value is number =>
    value !== null && Number.isFinite(value) && !(columns && value === 0);
  const all = series.flatMap(({ values }) => values.filter(usable));
  const axis = valueAxis(all, options.scale, columns ? 0 : undefined);
  const [first, last] = [times[0], times[times.length - 1]];
  const x = (time: number) => MARGIN.left + ((time - first) / Math.max(1, last - first)) * INNER.width;
  const y = (value: number) => {
    const place = axis.place(value);
    return place === undefined ? undefined : MARGIN.top + (1 - place) * INNER.height;
  };
  const drawn = series.map((one) =>
    columns ? columnsOf(one, times, x, y, usable) : pathOf(one, times, x, y, usable),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" font-family="system-ui, sans-serif" font-size="12" fill="#333">`,
    `<title>${escape(title)}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<text x="${MARGIN.left}" y="24" font-size="15" font-weight="600">${escape(title)}</text>`,
    ...valueMarks(axis, y, unit),
    ...timeMarks(first, last, x),
    ...drawn,
    ...legend(series),
    '</svg>',
  ].join('\n');
}

type Across = (time: number) => number;
type Up = (value: number) => number | undefined;
type Usable = (value: number | null) => value is number;

function pathOf(
  { values, colour }: ChartSeries,
  times: readonly number[],
  x: Across,
  y: Up,
  usable: Usable,
): string {
  const step = Math.max(1, Math.ceil(times.length / MAXIMUM_POINTS));
  let path = '';
  let open = false;
  for (let i = 0; i < values.length; i += step) {
    const value = values[i];
    const height = usable(value) ? y(value) : undefined;
    if (height !== undefined) path += `${open ? 'L' : 'M'}${x(times[i]).toFixed(1)} ${height.toFixed(1)}`;
    open = height !== undefined;
  }
  return `<path d="${path}" fill="none" stroke="${colour}" stroke-width="1.4"/>`;
}

function columnsOf(
  { values, colour }: ChartSeries,
  times: readonly number[],
  x: Across,
  y: Up,
  usable: Usable,
): string {
  const bottom = MARGIN.top + INNER.height;
  const width = Math.max(1, Math.min(24, (0.8 * INNER.width) / Math.max(1, times.length)));
  const rects = values.flatMap((value, i) => {
    const height = usable(value) ? y(value) : undefined;
    if (height === undefined) return [];
    const left = Math.min(x(times[i]), MARGIN.left + INNER.width - width);
    // The smallest value of a logarithmic axis stays visible.
    const tall = Math.max(2, bottom - height);
    return [
      `<rect x="${left.toFixed(1)}" y="${(bottom - tall).toFixed(1)}" width="${width.toFixed(1)}" height="${tall.toFixed(1)}"/>`,
    ];
  });
  return `<g fill="${colour}">${rects.join('')}</g>`;
}

function valueMarks(axis: ValueAxis, y: Up, unit: string): string[] {
  const middle = MARGIN.top + INNER.height / 2;
  const scale = axis.scale === 'logarithmic' ? ', logarithmic' : '';
  return [
    `<text transform="translate(18 ${middle}) rotate(-90)" text-anchor="middle" fill="#666">${escape(unit)}${scale}</text>`,
    ...axis.ticks.map(({ value, label }) => {
      const at = y(value)!.toFixed(1);
      return (
        `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${at}" y2="${at}" stroke="#e3e6ea"/>` +
        `<text x="${MARGIN.left - 8}" y="${at}" text-anchor="end" dominant-baseline="middle">${label}</text>`
      );
    }),
  ];
}

function timeMarks(first: number, last: number, x: Across): string[] {
  const bottom = MARGIN.top + INNER.height;
  return [
    `<text x="${MARGIN.left + INNER.width}" y="${HEIGHT - 8}" text-anchor="end" fill="#666">time, UTC</text>`,
    ...timeTicks(first, last, MOST_TIMES).map(({ time, label, date }) => {
      const at = x(time).toFixed(1);
      const day =
        date === undefined
          ? ''
          : `<text x="${at}" y="${bottom + 32}" text-anchor="middle" fill="#666">${date}</text>`;
      return (
        `<line x1="${at}" x2="${at}" y1="${bottom}" y2="${bottom + 4}" stroke="#888"/>` +
        `<text x="${at}" y="${bottom + 17}" text-anchor="middle">${label}</text>${day}`
      );
    }),
  ];
}

function legend(series: readonly ChartSeries[]): string[] {
  return series.map(({ name, colour }, i) => {
    const left = WIDTH - MARGIN.right - 150 * (series.length - i);
    return (
      `<g transform="translate(${left}, 22)"><line x2="18" stroke="${colour}" stroke-width="2.5"/>` +
      `<text x="24" dominant-baseline="middle">${escape(name)}</text></g>`
    );
  });
}

/** Text as XML has it. */
export function escape(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}
