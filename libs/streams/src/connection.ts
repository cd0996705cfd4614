import type { ClientMessage } from '#lib/messages';
import type { Caller } from './caller.js';

/** The transport under a session. */
export interface Connection {
  send(text: string): void;
  /** Sends frames that other connections get too, in one write. */
  sendShared(frames: readonly Buffer[]): void;
  /** bytes that were sent and not taken by the network yet */
  readonly bufferedBytes: number;
  /** Stops and resumes reading the client's messages. */
  pause(): void;
  resume(): void;
  close(code: number, reason: string): void;
}

/** Answers a quote request with a quote's JSON; throws as REST would answer. */
export type Quoter = (request: Extract<ClientMessage, { op: 'quote' }>, caller: Caller) => string;
