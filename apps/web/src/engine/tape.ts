import { signal } from '@preact/signals';
import { API_BASE, authorization } from './api.js';

/** A thing that has happened, for the tape. */
export interface TapeEntry {
  readonly id: string;
  readonly kind: 'opened' | 'closed' | 'held back' | 'market' | 'traded' | 'proof' | 'exchange';
  /** the account, market, proof or exchange of the entry, and the page that shows it */
  readonly subject: { readonly name: string; readonly page: string; readonly item: string };
  /** where the text leads; undefined: where the subject does */
  readonly planId?: string;
  /** market time, milliseconds */
  readonly at: number;
  readonly text: string;
}

export type StreamState = 'connecting' | 'live' | 'broken';

const KEPT = 200;
const KEPT_TRADES = 50;
const SILENCE_MS = 30_000;
const LONGEST_PAUSE_MS = 5_000;

/** Newest first. */
export const tape = signal<readonly TapeEntry[]>([]);
export const stream = signal<{
  readonly state: StreamState;
  readonly since: number;
  readonly resumed: number;
}>({
  ...{ state: 'connecting', since: Date.now(), resumed: 0 },
});

/** Puts an entry on the tape; one that is there already is not put again. */
export function tell(entry: TapeEntry): void {
  if (tape.peek().some(({ id }) => id === entry.id)) return;
  let trades = 0;
  tape.value = [entry, ...tape.peek()]
    .sort((a, b) => b.at - a.at)
    // Trades are many and would push the rarer entries out of view.
    .filter(({ kind }) => kind !== 'traded' || ++trades <= KEPT_TRADES)
    .slice(0, KEPT);
}

let started = false;

/** Follows the liquidation stream for as long as the page is open; after a break it goes on where it was. */
export function followTape(): void {
  if (started) return;
  started = true;
  void follow();
}

async function follow(): Promise<void> {
  let after: string | undefined;
  let connected = 0;
  for (let pause = 250; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    const silence = new AbortController();
    let timer = setTimeout(() => {
      silence.abort();
    }, SILENCE_MS);
    try {
      const url = new URL('v1/liquidations/stream', API_BASE);
      if (after !== undefined) url.searchParams.set('after', after);
      const response = await fetch(url, {
        headers: { accept: 'text/event-stream', ...authorization() },
        signal: silence.signal,
      });
      if (!response.ok || response.body === null) throw new Error(`${response.status}`);
      connected++;
      stream.value = { state: 'live', since: Date.now(), resumed: connected - 1 };
      for await (const { id, type, data } of eventsOf(response.body)) {
        clearTimeout(timer);
        timer = setTimeout(() => {
          silence.abort();
        }, SILENCE_MS);
        pause = 250;
        if (id === undefined || (type !== 'opened' && type !== 'closed')) continue;
        after = id;
        take(id, JSON.parse(data) as StreamedPlan);
      }
    } catch {
      // Connected again below.
    } finally {
      clearTimeout(timer);
    }
    if (stream.peek().state !== 'broken')
      stream.value = { ...stream.peek(), state: 'broken', since: Date.now() };
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

interface StreamedPlan {
  readonly kind: 'opened' | 'closed';
  readonly planId: string;
  readonly account: string;
  readonly at: number;
  readonly status?: string;
  readonly plan?: { readonly outcome: string; readonly closedNotional: number };
}

function take(id: string, { kind, planId, account, at, status, plan }: StreamedPlan): void {
  const text =
    kind === 'opened'
      ? `plan opened: ${plan?.outcome ?? ''} liquidation, ${Math.round(plan?.closedNotional ?? 0).toLocaleString('en')} to close`
      : `plan ${status ?? kind}`;
  const subject = { name: account, page: 'account', item: account.split('~')[0] };
  tell({ id: `plan ${id}`, kind, subject, planId, at, text });
}

async function* eventsOf(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<{ id?: string; type: string; data: string }> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let pending = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    pending += decoder.decode(value, { stream: true });
    const events = pending.split(/\r?\n\r?\n/);
    pending = events.pop()!;
    for (const event of events) {
      const fields = new Map<string, string>();
      for (const line of event.split(/\r?\n/)) {
        const colon = line.indexOf(':');
        if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1).replace(/^ /, ''));
      }
      const data = fields.get('data');
      if (data === undefined) continue;
      const id = fields.get('id');
      yield { type: fields.get('event') ?? 'message', data, ...(id === undefined ? {} : { id }) };
    }
  }
}
