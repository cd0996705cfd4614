import { useEffect, useRef } from 'preact/hooks';
import type { Book, Forecast, Markets, Proofs, Risk } from '../engine/answers.js';
import { apiKey, reach, useKey } from '../engine/api.js';
import { marketNow, wallNow } from '../engine/clock.js';
import { feed } from '../engine/feed.js';
import { useAnswer } from '../engine/resource.js';
import { seeBook, seeMarkets, seeProof } from '../engine/happenings.js';
import { seeRisk, seeShares } from '../engine/seen.js';
import { spanText, timeText } from '../format/times.js';
import { Age, State } from '../parts/figures.js';
import { figures, scheme, shortcuts } from '../preferences.js';
import { exchangeState } from './exchange-state.js';

/** The state of the exchange, the age of what it goes by, and whether it is reached at all. On every page. */
export function StatusBar() {
  const markets = useAnswer<Markets>('v1/markets', 1000).value.data;
  const book = useAnswer<Book>('v1/book', 2000).value.data;
  const forecast = useAnswer<Forecast>('v1/forecasts/latest?include=factors', 5000).value.data;
  const proofs = useAnswer<Proofs>('v1/proofs?status=proven&limit=1', 10_000).value.data;
  const risk = useAnswer<Risk>('v1/risk', 2000).value.data;
  // Whatever page is shown, so that charts have their past.
  useEffect(() => {
    if (risk === undefined) return;
    seeRisk(risk);
    if (book !== undefined) seeShares(risk.at, risk.liquidityValue, book.liquidityShares);
  }, [risk, book]);
  useEffect(() => {
    if (markets !== undefined) seeMarkets(markets);
  }, [markets]);
  useEffect(() => {
    if (book !== undefined) seeBook(book);
  }, [book]);
  useEffect(() => {
    const now = marketNow.peek();
    if (proofs !== undefined && now !== undefined) seeProof(proofs, now);
  }, [proofs]);
  const state = exchangeState(book, markets);
  const lastTick = markets?.markets.map(({ markTime }) => Date.parse(markTime)).sort((a, b) => b - a)[0];
  const proof = proofs?.proofs[0]?.finishedAt;
  return (
    <header class="status">
      <Reach />
      <State tone={state.tone} title={state.why}>
        {state.word}
      </State>
      <dl class="ages">
        <div>
          <dt>Market time</dt>
          <dd>{marketNow.value === undefined ? '–' : <time>{timeText(marketNow.value)}</time>}</dd>
        </div>
        {lastTick !== undefined && (
          <div>
            <dt>Ticks</dt>
            <dd>
              <Age of={lastTick} />
            </dd>
          </div>
        )}
        <div>
          <dt>Forecast</dt>
          <dd>
            {forecast === undefined ? 'none yet' : <Age of={forecast.barEnd} limitMs={2 * barMs(forecast)} />}
          </dd>
        </div>
        {proof != null && (
          <div>
            <dt>Last proof</dt>
            <dd>
              <Age of={proof} clock="wall" />
            </dd>
          </div>
        )}
      </dl>
      <Preferences />
    </header>
  );
}

/** A forecast is of a horizon of 24 bars unless set otherwise; how long a bar is follows well enough for an age's limit. */
function barMs({ horizonSeconds }: Forecast): number {
  return (horizonSeconds * 1000) / 24;
}

function Reach() {
  const now = reach.value;
  const streamed = feed.value;
  return (
    <div role="status" class="reach">
      {now.state === 'live' && (
        <State
          tone="good"
          title={
            streamed.state === 'live'
              ? 'Figures come as they change.'
              : 'Figures are asked for every few seconds.'
          }
        >
          {streamed.state !== 'live'
            ? 'Connected'
            : streamed.resumed > 0
              ? `Live, resumed ${streamed.resumed}×`
              : 'Live'}
        </State>
      )}
      {now.state === 'connecting' && <State tone="quiet">Connecting</State>}
      {now.state === 'lost' && (
        <State tone="bad" title="Asked again every few seconds. What is shown is what was known.">
          No answer for {spanText(wallNow.value - now.since)}
        </State>
      )}
    </div>
  );
}

function Preferences() {
  const dialog = useRef<HTMLDialogElement>(null);
  const key = useRef<HTMLInputElement>(null);
  return (
    <div class="preferences">
      <button type="button" class="ghost" aria-haspopup="dialog" onClick={() => dialog.current!.showModal()}>
        {apiKey.value === '' ? 'Key and view' : 'Key set · view'}
      </button>
      <dialog ref={dialog} aria-label="Key and view">
        <form
          method="dialog"
          onSubmit={() => {
            useKey(key.current!.value);
          }}
        >
          <label>
            API key
            <input
              ref={key}
              type="password"
              autocomplete="off"
              placeholder="zk_…"
              defaultValue={apiKey.value}
            />
          </label>
          <p class="quiet">
            Needed where the engine asks for one. Kept in this tab until it is closed, sent to this address
            only.
          </p>
          <Choice
            name="Colours"
            of={scheme}
            choices={[
              ['system', 'as the system'],
              ['light', 'light'],
              ['dark', 'dark'],
            ]}
          />
          <Choice
            name="Figures"
            of={figures}
            choices={[
              ['rounded', 'rounded for the eye'],
              ['exact', 'exact'],
            ]}
          />
          <Choice
            name="Number keys change pages"
            of={shortcuts}
            choices={[
              ['on', 'on'],
              ['off', 'off'],
            ]}
          />
          <div class="row">
            <button type="submit">Done</button>
          </div>
        </form>
      </dialog>
    </div>
  );
}

function Choice<T extends string>({
  name,
  of,
  choices,
}: {
  name: string;
  of: { value: T };
  choices: readonly (readonly [T, string])[];
}) {
  return (
    <fieldset>
      <legend>{name}</legend>
      {choices.map(([value, text]) => (
        <label key={value} class="inline">
          <input
            type="radio"
            name={name}
            checked={of.value === value}
            onChange={() => {
              of.value = value;
            }}
          />
          {text}
        </label>
      ))}
    </fieldset>
  );
}
