import type { ComponentChildren } from 'preact';
import { marketNow, wallNow } from '../engine/clock.js';
import { figures } from '../preferences.js';
import { decimalText, fixedText, percentText, significantText } from '../format/numbers.js';
import { spanText, timeText } from '../format/times.js';

/** A figure as the eye wants it; as it came on hover, and everywhere where the reader asks for exact figures. */
function Figure({
  exact,
  shown,
  signed,
  unit,
}: {
  exact: string;
  shown: string;
  signed?: boolean;
  unit?: string;
}) {
  const text = figures.value === 'exact' ? exact.replace('-', '−') : shown;
  const sign = exact.startsWith('-') ? 'negative' : 'positive';
  return (
    <data
      class={`figure${signed === true && Number(exact) !== 0 ? ` ${sign}` : ''}`}
      value={exact}
      title={exact}
    >
      {text}
      {unit !== undefined && <span class="unit"> {unit}</span>}
    </data>
  );
}

/** Money or a size, which the engine writes as a decimal string. */
export function Decimal({
  of,
  decimals = 2,
  ...rest
}: {
  of: string;
  decimals?: number;
  signed?: boolean;
  unit?: string;
}) {
  return <Figure exact={of} shown={decimalText(of, decimals)} {...rest} />;
}

/** A figure of the models, a double. */
export function Real({
  of,
  decimals,
  significant,
  ...rest
}: {
  of: number;
  decimals?: number;
  significant?: number;
  signed?: boolean;
  unit?: string;
}) {
  const shown = decimals === undefined ? significantText(of, significant) : fixedText(of, decimals);
  return <Figure exact={String(of)} shown={shown} {...rest} />;
}

export function Percent({ of, decimals = 2, signed }: { of: number; decimals?: number; signed?: boolean }) {
  return (
    <Figure
      exact={String(of)}
      shown={percentText(of, decimals)}
      {...(signed === undefined ? {} : { signed })}
    />
  );
}

/**
 * How old something is.
 *
 * @param of ISO time or milliseconds
 * @param clock `market`: by the market's time; `wall`: by the reader's clock
 * @param limitMs older is stale
 */
export function Age({
  of,
  clock = 'market',
  limitMs = Infinity,
}: {
  of: string | number;
  clock?: 'market' | 'wall';
  limitMs?: number;
}) {
  const time = typeof of === 'number' ? of : Date.parse(of);
  const now = clock === 'market' ? marketNow.value : wallNow.value;
  const age = now === undefined ? undefined : Math.max(0, now - time);
  const stale = age !== undefined && age > limitMs;
  return (
    <time
      class={stale ? 'age stale' : 'age'}
      dateTime={new Date(time).toISOString()}
      title={`${timeText(time)} UTC, ${clock === 'market' ? 'market time' : 'real time'}`}
    >
      {age === undefined ? timeText(time) : `${spanText(age)} old`}
    </time>
  );
}

export type Tone = 'good' | 'warn' | 'bad' | 'quiet';
const SIGNS: Readonly<Record<Tone, string>> = { good: '●', warn: '▲', bad: '■', quiet: '○' };

/** A state, told by a word and a shape; the colour only repeats it. */
export function State({
  tone,
  children,
  title,
}: {
  tone: Tone;
  children: ComponentChildren;
  title?: string;
}) {
  return (
    <span class={`state ${tone}`} {...(title === undefined ? {} : { title })}>
      <span aria-hidden="true">{SIGNS[tone]}</span> {children}
    </span>
  );
}
