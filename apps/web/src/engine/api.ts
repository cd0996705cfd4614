import { signal } from '@preact/signals';
import { tellMarketTime } from './clock.js';

/** A refusal by the engine: the problem document's code, status and sentence. */
export class EngineError extends Error {
  constructor(
    readonly code: string,
    readonly status: number,
    detail: string,
  ) {
    super(detail);
  }
}

/** The engine cannot be reached: no answer, or one of something in between. */
export class UnreachableError extends Error {}

/** Where the API is: where the page is. */
export const API_BASE = new URL('.', document.baseURI);
const KEY = 'zkrisk-key';
const TIMEOUT_MS = 15_000;

/** The reader's API key. Kept in this tab, until it is closed. */
export const apiKey = signal<string>(sessionStorage.getItem(KEY) ?? '');

export function useKey(text: string): void {
  const key = text.trim();
  if (key === '') sessionStorage.removeItem(KEY);
  else sessionStorage.setItem(KEY, key);
  apiKey.value = key;
}

export type Reach =
  { readonly state: 'connecting' | 'live' } | { readonly state: 'lost'; readonly since: number };

/** Whether the engine answers. */
export const reach = signal<Reach>({ state: 'connecting' });

export function heard(): void {
  if (reach.peek().state !== 'live') reach.value = { state: 'live' };
}

export function unheard(): void {
  if (reach.peek().state !== 'lost') reach.value = { state: 'lost', since: Date.now() };
}

/** Headers that say who calls. */
export function authorization(): Record<string, string> {
  return apiKey.peek() === '' ? {} : { authorization: `Bearer ${apiKey.peek()}` };
}

/**
 * Asks the engine.
 *
 * @param path without a leading slash, such as `v1/markets`
 * @throws {EngineError} for a request that it refuses
 * @throws {UnreachableError} where no answer comes
 */
export function ask<T>(path: string, body?: object): Promise<T> {
  return askWith(path, body, {});
}

/** As {@link ask}, with headers besides. */
export async function askWith<T>(
  path: string,
  body: object | undefined,
  headers: Readonly<Record<string, string>>,
): Promise<T> {
  const response = await answer(path, body, headers);
  const told = (await response.json()) as T;
  const { marketTime } = told as { marketTime?: unknown };
  if (typeof marketTime === 'string') tellMarketTime(marketTime);
  return told;
}

/** As {@link ask}, for text. */
export async function askText(path: string): Promise<string> {
  return (await answer(path, undefined)).text();
}

async function answer(
  path: string,
  body: object | undefined,
  more: Readonly<Record<string, string>> = {},
): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(new URL(path, API_BASE), {
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...authorization(),
        ...more,
      },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (error) {
    unheard();
    throw new UnreachableError(error instanceof Error ? error.message : String(error));
  }
  if (response.ok) {
    heard();
    return response;
  }
  const problem = await problemIn(response);
  // A gateway that finds nothing behind it is not the engine.
  if (problem === undefined && response.status >= 500) {
    unheard();
    throw new UnreachableError(`${response.status} ${response.statusText}`);
  }
  heard();
  throw new EngineError(
    problem?.code ?? `http-${response.status}`,
    response.status,
    problem?.detail ?? response.statusText,
  );
}

async function problemIn(response: Response): Promise<{ code: string; detail: string } | undefined> {
  try {
    const { code, detail } = (await response.json()) as { code?: unknown; detail?: unknown };
    return typeof code === 'string'
      ? { code, detail: typeof detail === 'string' ? detail : code }
      : undefined;
  } catch {
    return undefined;
  }
}
