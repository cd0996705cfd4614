import { useEffect } from 'preact/hooks';
import { wallNow } from '../engine/clock.js';
import { followTape, stream, tape, type TapeEntry } from '../engine/tape.js';
import { clockText, spanText } from '../format/times.js';
import { href } from '../router.js';
import { State, type Tone } from './figures.js';
import { Panel } from './panel.js';

const TONES: Readonly<Partial<Record<TapeEntry['kind'], Tone>>> = {
  ...{ opened: 'warn', 'held back': 'warn', exchange: 'bad', proof: 'good' },
};

/** Events since the page was opened, newest first; the engine's last liquidations come with the stream. */
export function Tape({ only }: { only?: readonly TapeEntry['kind'][] }) {
  useEffect(followTape, []);
  const { state, since, resumed } = stream.value;
  const tone = state === 'live' ? 'good' : state === 'broken' ? 'bad' : 'quiet';
  const word =
    state === 'live'
      ? resumed > 0
        ? `Live, resumed ${resumed}×`
        : 'Live'
      : state === 'broken'
        ? `Broken for ${spanText(wallNow.value - since)}`
        : 'Connecting';
  const shown = tape.value.filter(({ kind }) => only?.includes(kind) ?? true);
  return (
    <Panel title="Tape" wide={12} aside={<State tone={tone}>{word}</State>}>
      {shown.length === 0 ? (
        <p class="quiet">
          {only === undefined
            ? 'Trades, liquidations, prices held back, changes of markets and proofs appear here as they happen.'
            : 'Liquidations appear here as they happen.'}
        </p>
      ) : (
        <ol class="tape" tabIndex={0} aria-label="Events, newest first">
          {shown.map(({ id, at, kind, subject, planId, text }) => {
            const place = href(subject.page, subject.item === '' ? undefined : subject.item);
            return (
              <li key={id}>
                <time>{clockText(at)}</time>
                <State tone={TONES[kind] ?? 'quiet'}>{kind}</State>
                <a href={place}>{subject.name}</a>
                <a href={planId === undefined ? place : href('liquidations', planId)}>{text}</a>
              </li>
            );
          })}
        </ol>
      )}
    </Panel>
  );
}
