import {
  type BookEvent,
  CommandIdReusedError,
  type CommandKey,
  commandKeyText,
  commandOf,
} from '#lib/exchange';
import type { Outcome } from './journal.js';

/** Takes the event that decided a command; undefined: the id was used for another content. */
type Listener = (event: BookEvent | undefined) => void;

/** Outcomes of commands, for callers who wait for them in this process. */
export class CommandOutcomes {
  private readonly waiting = new Map<string, Set<Listener>>();

  /** @param journalled outcomes of commands that are in the journal */
  constructor(private readonly journalled: (keys: readonly CommandKey[]) => Promise<Map<string, Outcome>>) {}

  /**
   * Waits for a command's outcome; undefined after the timeout.
   *
   * @throws {CommandIdReusedError} where the id was used for another content
   */
  async outcome(key: CommandKey, digest: string, timeoutMs: number): Promise<BookEvent | undefined> {
    const text = commandKeyText(key);
    let wake: Listener = () => undefined;
    const booked = new Promise<BookEvent | undefined>((resolve) => (wake = resolve));
    const listeners = this.waiting.get(text) ?? new Set();
    this.waiting.set(text, listeners.add(wake));
    const requireSame = (decided: string) => {
      if (decided !== digest) throw new CommandIdReusedError(key.id);
    };
    let timer: NodeJS.Timeout | undefined;
    try {
      const known = (await this.journalled([key])).get(text);
      if (known) requireSame(known.digest);
      if (known || timeoutMs === 0) return known?.event;
      const timeout = new Promise<'late'>((resolve) => {
        timer = setTimeout(() => {
          resolve('late');
        }, timeoutMs);
      });
      const event = await Promise.race([booked, timeout]);
      if (event === 'late') return undefined;
      requireSame(event?.digest ?? '');
      return event;
    } finally {
      clearTimeout(timer);
      listeners.delete(wake);
      if (listeners.size === 0) this.waiting.delete(text);
    }
  }

  /** Tells the callers who wait for the command that an event decided. */
  decided(event: BookEvent): void {
    if (this.waiting.size === 0) return;
    const key = commandOf(event);
    if (key !== undefined) this.tell(commandKeyText(key), event);
  }

  /** Tells the callers who wait for a command that its id was used for another content. */
  reused(key: string): void {
    this.tell(key, undefined);
  }

  private tell(key: string, event: BookEvent | undefined): void {
    for (const wake of this.waiting.get(key) ?? []) wake(event);
  }
}
