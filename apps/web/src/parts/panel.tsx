import type { ReadonlySignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { EngineError } from '../engine/api.js';
import { wallNow } from '../engine/clock.js';
import { type Answer, needsKey } from '../engine/resource.js';
import { spanText } from '../format/times.js';

/** A titled part of a page. */
export function Panel({
  title,
  aside,
  wide,
  children,
}: {
  title: string;
  aside?: ComponentChildren;
  /** columns of twelve on a wide screen */
  wide?: 3 | 4 | 5 | 6 | 7 | 8 | 9 | 12;
  children: ComponentChildren;
}) {
  const id = `panel-${title.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`;
  return (
    <section class={`panel span-${wide ?? 12}`} aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        {aside !== undefined && <div class="aside">{aside}</div>}
      </header>
      <div class="body">{children}</div>
    </section>
  );
}

/** Above this an answer that should have been renewed is called old. */
const LATE_MS = 15_000;

/**
 * What is known of an answer: the answer itself, that it is on its way, or why there is none. One that could not be renewed
 * stays, with a word of how old it is.
 */
export function Known<T>({
  answer,
  absent,
  children,
}: {
  answer: ReadonlySignal<Answer<T>>;
  /** what to say where the engine has none yet, by problem code */
  absent?: (error: EngineError) => ComponentChildren;
  children: (data: T) => ComponentChildren;
}) {
  const { data, at, error } = answer.value;
  if (data === undefined) {
    if (error === undefined) return <p class="quiet">Asking…</p>;
    if (needsKey(error))
      return (
        <p class="quiet">
          An API key with the right scope shows this: “Key” above takes one. The engine says: {error.message}.
        </p>
      );
    const told = error instanceof EngineError ? absent?.(error) : undefined;
    return told !== undefined ? <>{told}</> : <p class="quiet">{sentence(error)}</p>;
  }
  const late = error !== undefined && wallNow.value - at! > LATE_MS;
  return (
    <>
      {late && (
        <p class="notice warn">
          Not renewed for {spanText(wallNow.value - at!)}: {sentence(error)}
        </p>
      )}
      {children(data)}
    </>
  );
}

function sentence(error: Error): string {
  return error instanceof EngineError
    ? `${error.message} (${error.code})`
    : `The engine does not answer: ${error.message}`;
}

/** Names and figures in two columns. */
export function Facts({ children }: { children: ComponentChildren }) {
  return <dl class="facts">{children}</dl>;
}
export function Fact({
  name,
  note,
  children,
}: {
  name: string;
  note?: ComponentChildren;
  children: ComponentChildren;
}) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {children}
        {note !== undefined && <span class="note"> {note}</span>}
      </dd>
    </div>
  );
}
