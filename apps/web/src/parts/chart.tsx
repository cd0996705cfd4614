import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { compactText } from '../format/numbers.js';
import { timeText } from '../format/times.js';
import { dark } from '../preferences.js';

export interface Line {
  readonly name: string;
  readonly values: readonly (number | null)[];
  /** of the palette; 1 is the first */
  readonly colour?: 1 | 2 | 3 | 4;
  readonly dashed?: boolean;
  /** marks without a line between them */
  readonly marks?: boolean;
}

const LETTER_PX = 6.5;
const GAP_PX = 12;

/** As wide as the longest label. */
function roomFor(_: uPlot, labels: string[] | null): number {
  return GAP_PX + LETTER_PX * Math.max(4, ...(labels ?? []).map(({ length }) => length));
}

/** Times of ticks, UTC: hours, with the day below where it begins. */
function timesText(ticks: readonly number[]): string[] {
  return ticks.map((tick, i) => {
    const [day, hour] = timeText(tick * 1000).split(' ');
    const before = i === 0 ? undefined : timeText(ticks[i - 1] * 1000).split(' ')[0];
    return day === before ? hour : `${hour}\n${day.slice(5)}`;
  });
}

/**
 * Lines over time, or over another axis. What it shows is also said in words, for those who do not see it.
 *
 * @param xs seconds since 1970 where `time`
 */
export function Chart({
  label,
  summary,
  xs,
  lines,
  time = false,
  height = 180,
  x = compactText,
  y = compactText,
}: {
  label: string;
  summary: string;
  xs: readonly number[];
  lines: readonly Line[];
  time?: boolean;
  height?: number;
  x?: (value: number) => string;
  y?: (value: number) => string;
}) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const isDark = dark.value;
  const shape = lines
    .map(({ name, colour, dashed, marks }) => `${name}/${colour ?? ''}/${dashed === true}/${marks === true}`)
    .join('|');
  const data = [xs, ...lines.map(({ values }) => values)] as unknown as uPlot.AlignedData;
  useEffect(() => {
    const element = box.current!;
    const style = getComputedStyle(document.documentElement);
    const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
    const font = `11px ${style.getPropertyValue('--sans')}`;
    const axis: uPlot.Axis = {
      ...{ stroke: colour('muted'), font, size: 46, gap: 4 },
      grid: { stroke: colour('line'), width: 1 },
      ticks: { show: false },
    };
    const width = element.clientWidth;
    plot.current = new uPlot(
      {
        ...{ width, height, padding: [8, 20, 0, 0], cursor: { y: false, points: { size: 6 } } },
        legend: { live: true },
        scales: { x: { time } },
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
        axes: [
          { ...axis, size: time ? 40 : 26, values: (_, ticks) => (time ? timesText(ticks) : ticks.map(x)) },
          { ...axis, size: roomFor, values: (_, ticks) => ticks.map(y) },
        ],
        series: [
          time
            ? { label: 'UTC', value: '{YYYY}-{MM}-{DD} {HH}:{mm}' }
            : { value: (_: uPlot, value: number | null) => (value === null ? '–' : x(value)) },
          ...lines.map(({ name, colour: nth, dashed, marks = false }, i) => ({
            ...{ label: name, stroke: colour(`series-${nth ?? i + 1}`), width: marks ? 0 : 1.5 },
            points: marks ? { show: true, size: 8, fill: colour(`series-${nth ?? i + 1}`) } : { show: false },
            ...(marks ? { paths: () => null } : {}),
            ...(dashed === true ? { dash: [4, 4] } : {}),
            value: (_: uPlot, value: number | null) => (value === null ? '–' : y(value)),
          })),
        ],
      },
      data,
      element,
    );
    const follow = new ResizeObserver(([{ contentRect }]) => {
      plot.current?.setSize({ width: Math.max(120, contentRect.width), height });
    });
    follow.observe(element);
    return () => {
      follow.disconnect();
      plot.current?.destroy();
    };
    // Drawn anew for other colours or lines; new values are set below.
  }, [isDark, shape, height, time]);
  useEffect(() => plot.current?.setData(data), [data]);
  return (
    <figure class="chart" role="img" aria-label={`${label}. ${summary}`}>
      <div ref={box} aria-hidden="true" style={{ minHeight: `${height}px` }} />
    </figure>
  );
}
