import { type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { JsonObject } from '#lib/messages';
import { apiKey, ask, askText, EngineError } from './api.js';
import { tellMarketTime } from './clock.js';
import { streamOf } from './documents.js';
import { followTopic, type Topic } from './feed.js';

/** The last answer to a question, when it came, and the error of the latest attempt. */
export interface Answer<T> {
  readonly data?: T;
  /** wall clock, milliseconds */
  readonly at?: number;
  readonly error?: Error;
}

interface Unavailable {
  readonly code: string;
  readonly detail: string;
}

const LONGEST_PAUSE_MS = 5_000;

/** A question that is asked again and again while anybody looks at its answer, or whose answer is streamed. */
class Polled<T> {
  readonly answer: Signal<Answer<T>> = signal<Answer<T>>({});
  private readonly intervals: number[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private failures = 0;
  private asking = false;
  private release: (() => void) | undefined;
  private streamed = false;

  /** @param channel streams the same answer, where the process serves it; it is asked for while it does not */
  constructor(
    private readonly read: () => Promise<T>,
    private readonly channel?: { readonly topic: Topic; readonly answerOf: (document: JsonObject) => T },
  ) {}

  hold(everyMs: number): () => void {
    this.intervals.push(everyMs);
    if (this.intervals.length === 1) {
      this.schedule(0);
      this.release = this.channel && followTopic(this.channel.topic, this);
    } else if (!this.streamed) this.schedule(0);
    return () => {
      this.intervals.splice(this.intervals.indexOf(everyMs), 1);
      if (this.intervals.length > 0) return;
      clearTimeout(this.timer);
      this.release?.();
      this.streamed = false;
    };
  }

  /** From the stream. */
  changed(document: JsonObject): void {
    this.streamed = true;
    clearTimeout(this.timer);
    const { unavailable, marketTime } = document as { unavailable?: Unavailable; marketTime?: unknown };
    if (typeof marketTime === 'string') tellMarketTime(marketTime);
    this.answer.value =
      unavailable === undefined
        ? { data: this.channel!.answerOf(document), at: Date.now() }
        : { error: new EngineError(unavailable.code, 503, unavailable.detail) };
  }

  /** The stream is silent: back to asking. */
  lost(): void {
    this.streamed = false;
    if (this.intervals.length > 0) this.schedule(this.pause());
  }

  /** Asks at once. */
  async refresh(): Promise<void> {
    if (this.asking) return;
    this.asking = true;
    try {
      const data = await this.read();
      this.failures = 0;
      // A delta of the stream that came meanwhile is newer.
      if (!this.streamed) this.answer.value = { data, at: Date.now() };
    } catch (error) {
      this.failures++;
      const failed = error instanceof Error ? error : new Error(String(error));
      // The last answer stays on screen, with its age.
      if (!this.streamed) this.answer.value = { ...this.answer.peek(), error: failed };
    } finally {
      this.asking = false;
    }
    if (this.intervals.length > 0 && !this.streamed) this.schedule(this.pause());
  }

  private pause(): number {
    const every = Math.min(...this.intervals);
    return this.failures === 0
      ? every
      : Math.max(every, Math.min(500 * 2 ** this.failures, LONGEST_PAUSE_MS));
  }

  private schedule(afterMs: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.refresh(), afterMs);
  }
}

const polled = new Map<string, Polled<unknown>>();

function questionOf<T>(path: string, read: () => Promise<T>): Polled<T> {
  let question = polled.get(path) as Polled<T> | undefined;
  if (question === undefined) {
    question = new Polled(read, streamOf<T>(path));
    polled.set(path, question);
  }
  return question;
}

// Another key may see more, or less.
apiKey.subscribe(() => {
  for (const question of polled.values()) void question.refresh();
});

/** The answer of a path as JSON, renewed while the component is shown: by the stream, or asked for again. An empty path asks nothing. */
export function useAnswer<T>(path: string, everyMs: number): ReadonlySignal<Answer<T>> {
  return useHeld(path === '' ? undefined : questionOf<T>(path, () => ask<T>(path)), everyMs);
}

/** As {@link useAnswer}, for text. */
export function useAnswerText(path: string, everyMs: number): ReadonlySignal<Answer<string>> {
  return useHeld(
    questionOf(path, () => askText(path)),
    everyMs,
  );
}

const NOTHING = signal<Answer<never>>({});

function useHeld<T>(question: Polled<T> | undefined, everyMs: number): ReadonlySignal<Answer<T>> {
  useEffect(() => question?.hold(everyMs), [question, everyMs]);
  return question?.answer ?? NOTHING;
}

/** Asks a path again at once, wherever its answer is shown. */
export function refresh(path: string): void {
  void polled.get(path)?.refresh();
}

/** Whether the engine has refused for want of a key or of its scope. */
export function needsKey(error: Error | undefined): boolean {
  return error instanceof EngineError && (error.status === 401 || error.status === 403);
}
