import { Logger } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '#lib/errors';
import { ReplicaBehindError } from '#lib/exchange';
import type { BookChanges, PricerRepository } from './pricer.repository.js';

const FOLLOW_EVERY_MS = 25;
/** A replica that has not seen the book for longer quotes nothing. */
const BEHIND_AFTER_MS = 3_000;

/**
 * Keeps a process that does not write the book up to date with the one that does, from the tables it writes: quotes and reads
 * are given by every process, and the next writer is always warm.
 */
export class BookFollower {
  private readonly logger = new Logger(BookFollower.name);
  private following: AbortController | undefined;
  private running: Promise<void> = Promise.resolve();
  private seenAt = 0;

  constructor(
    private readonly repository: PricerRepository,
    private readonly position: () => { events: number; forecastId: string | undefined },
    private readonly apply: (changes: BookChanges) => void,
  ) {}

  start(): void {
    if (this.following !== undefined) return;
    const following = new AbortController();
    this.following = following;
    this.seenAt = Date.now();
    this.running = this.follow(following.signal);
  }

  async stop(): Promise<void> {
    this.following?.abort();
    this.following = undefined;
    await this.running;
  }

  /** @throws {ReplicaBehindError} where the tables have not been seen for too long */
  requireFresh(): void {
    const behind = Date.now() - this.seenAt;
    if (this.following !== undefined && behind > BEHIND_AFTER_MS) throw new ReplicaBehindError(behind);
  }

  private async follow(signal: AbortSignal): Promise<void> {
    let failing = false;
    while (!signal.aborted) {
      try {
        const { events, forecastId } = this.position();
        const changes = await this.repository.changesSince(events, forecastId);
        if (signal.aborted) return;
        if (changes !== undefined) this.apply(changes);
        this.seenAt = Date.now();
        failing = false;
      } catch (error) {
        if (!failing) this.logger.warn(`the book cannot be followed: ${messageOf(error)}`);
        failing = true;
      }
      await sleep(failing ? 500 : FOLLOW_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}
