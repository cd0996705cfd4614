/**
 * A lane consumes in sequence: the topics of a service, read in the order of their handlers, one batch at a
 * time, each batch one database transaction.
 *
 * - `single`: one unit, whatever the number of processes. The state is one (the book, the covariance model): one process
 *   has it, the others stand by.
 * - `partitions`: a unit for each partition of the keyed topics. Processes share the units; state is kept by unit.
 */
export interface Lane {
  readonly name: string;
  readonly spread: 'single' | 'partitions';
  /**
   * whether the embedded log consumes its batches in one transaction with those of other lanes of the process. Not for lanes that wait for
   * chains or proofs: everybody else's messages would wait with them.
   */
  readonly shared?: boolean;
}

/** The state a lane's unit changes: in tables, and in the memory of the process that has the unit. */
export interface LaneOwner {
  /** Reads the unit's tables anew: when the process gets the unit, and whenever a transaction was rolled back. */
  restore(unit: number): Promise<void>;
  /** Another process has the unit now. */
  release?(unit: number): Promise<void> | void;
}

/** Who holds the state of which lane, in this process. */
export class LaneOwners {
  private readonly owners = new Map<string, LaneOwner>();
  private readonly units = new Map<string, Set<number>>();
  private readonly watched = new Map<string, () => string | undefined>();

  register(lane: Lane, owner: LaneOwner): void {
    this.owners.set(lane.name, owner);
  }

  async restore(lane: Lane, unit: number): Promise<void> {
    await this.owners.get(lane.name)?.restore(unit);
    const held = this.units.get(lane.name) ?? new Set();
    this.units.set(lane.name, held.add(unit));
  }

  async release(lane: Lane, unit: number): Promise<void> {
    this.units.get(lane.name)?.delete(unit);
    await this.owners.get(lane.name)?.release?.(unit);
  }

  /**
   * Adds a check to {@link problems}.
   *
   * @param problem its problem; undefined where all is well
   */
  watch(name: string, problem: () => string | undefined): void {
    this.watched.set(name, problem);
  }

  unwatch(name: string): void {
    this.watched.delete(name);
  }

  /** Problems of this process's lanes: units that fail again and again, memberships that were lost. */
  problems(): { name: string; problem: string }[] {
    return [...this.watched].flatMap(([name, look]) => {
      const problem = look();
      return problem === undefined ? [] : [{ name, problem }];
    });
  }

  /** Whether this process has units of a lane, by the name of one of its units. */
  holds(unit: string): boolean {
    const [lane, number = '0'] = unit.split('/');
    return this.units.get(lane)?.has(Number(number)) ?? false;
  }

  /** How many units of each lane this process has. */
  held(): { lane: string; units: number }[] {
    return [...this.units].map(([lane, { size }]) => ({ lane, units: size }));
  }
}

/** The name a unit's offsets are kept under. */
export function unitName({ name, spread }: Lane, unit: number): string {
  return spread === 'single' ? name : `${name}/${unit}`;
}
