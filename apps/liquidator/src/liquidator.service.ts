import { EventEmitter } from 'node:events';
import type { OnModuleDestroy } from '@nestjs/common';
import { type Lane, type LaneOwner, waitForEvent } from '#lib/events';
import type { LiquidatorConfig } from './liquidator.config.js';
import type { LiquidatorRepository } from './liquidator.repository.js';
import { type LiquidatorCounts, LiquidatorUnit } from './liquidator-unit.js';
import type { PlanSolver } from './plan-solver.js';

/** Accounts are shared: each process liquidates those of the partitions it has. */
export const LIQUIDATOR_LANE: Lane = { name: 'liquidator', spread: 'partitions', shared: true };

/** The units of this process and their shared parts: solver threads, counts, the stream of events. */
export class LiquidatorService implements LaneOwner, OnModuleDestroy {
  private readonly units = new Map<number, LiquidatorUnit>();
  private stopping = false;
  private readonly appended = new EventEmitter().setMaxListeners(0);
  /** of market time, where this process has no unit that knows it */
  private lastTime = 0;
  readonly counts: LiquidatorCounts = { plans: 0, unproven: 0, worstGap: 0, solveSeconds: 0, markSeconds: 0 };

  constructor(
    private readonly config: LiquidatorConfig,
    private readonly repository: LiquidatorRepository,
    private readonly solver: PlanSolver,
  ) {}

  /** A unit this process has. */
  unit(unit: number): LiquidatorUnit {
    return this.units.get(unit)!;
  }

  /** Market time. */
  get now(): number {
    return Math.max(this.lastTime, ...[...this.units.values()].map(({ watch }) => watch.board.now));
  }
  /** Margin accounts watched. */
  get accounts(): number {
    return this.sum(({ watch }) => watch.accounts);
  }
  /** Plans that are not closed. */
  get openPlans(): number {
    return this.sum(({ openPlans }) => openPlans);
  }
  /** Accounts below maintenance that wait for a plan. */
  get backlog(): number {
    return this.sum(({ backlog }) => backlog);
  }
  /** Cases that wait for a thread. */
  get solverQueue(): number {
    return this.solver.waiting;
  }

  async restore(unit: number): Promise<void> {
    const known =
      this.units.get(unit) ??
      new LiquidatorUnit(unit, this.config, this.repository, this.solver, this.counts, () => {
        this.appended.emit('event');
      });
    await known.restore();
    this.units.set(unit, known);
  }

  release(unit: number): void {
    this.lastTime = this.now;
    this.units.delete(unit);
  }

  async close(): Promise<void> {
    await this.solver.close();
  }

  /** Ends {@link nextEvent} for all who wait: the streams close, and the server can. */
  onModuleDestroy(): void {
    this.stopping = true;
    this.appended.emit('event');
  }

  /** Whether the process is about to end. */
  get ending(): boolean {
    return this.stopping;
  }

  /** Resolves at the next event that is committed here, or after the time given. */
  nextEvent(timeoutMs: number): Promise<void> {
    return waitForEvent(this.appended, ['event'], timeoutMs);
  }

  private sum(of: (unit: LiquidatorUnit) => number): number {
    return [...this.units.values()].reduce((sum, unit) => sum + of(unit), 0);
  }
}
