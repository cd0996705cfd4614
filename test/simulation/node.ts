import type { Bus, Publication, SimulatedRecord } from './bus.js';

/** Faults of a node that the scheduler asks for. */
export class NodeCrash extends Error {}

/**
 * A machine with the shell that every service has: it handles a batch, then commits its state, its place in the topic and the messages that
 * it publishes together. A crash before the commit leaves nothing of the batch.
 */
export abstract class Node<Durable extends object> {
  private offsets: Record<string, number> = {};
  /** causes of all messages consumed so far, and these messages */
  private clock: Record<string, number> = {};
  /** State as it was committed. It is written as text only where a restart reads it: a change made since then would show there. */
  private committed: Durable | undefined;

  protected constructor(
    readonly name: string,
    readonly subscriptions: readonly string[],
    private readonly bus: Bus,
  ) {}

  /** Makes the machine from the committed state, or empty where there is none. */
  protected abstract start(durable: Durable | undefined): void;
  protected abstract handle(topic: string, records: readonly SimulatedRecord[]): Promise<Publication[]>;
  /** All that a restart needs, in objects that nobody changes afterwards. */
  protected abstract durable(): Durable;

  restart(): void {
    this.start(
      this.committed === undefined ? undefined : (JSON.parse(JSON.stringify(this.committed)) as Durable),
    );
  }

  /** Records of a topic that may be handled now: in order, and only after their causes. */
  ready(topic: string, most: number): SimulatedRecord[] {
    const from = this.offsets[topic] ?? 0;
    const end = Math.min(this.bus.length(topic), from + most);
    const records: SimulatedRecord[] = [];
    for (let offset = from; offset < end; offset++) {
      const record = this.bus.record(topic, offset);
      if (!this.hasSeen(record)) break;
      records.push(record);
    }
    return records;
  }

  /**
   * Handles the next records of a topic and commits.
   *
   * @param crash whether the node dies after its work and before the commit
   * @throws {NodeCrash} where it was to crash
   */
  async consume(topic: string, records: readonly SimulatedRecord[], crash: boolean): Promise<void> {
    const publications = await this.handle(topic, records);
    if (crash) throw new NodeCrash(this.name);
    this.offsets[topic] = (this.offsets[topic] ?? 0) + records.length;
    for (const { causes } of records)
      for (const [name, count] of Object.entries(causes))
        this.clock[name] = Math.max(this.clock[name] ?? 0, count);
    this.clock[topic] = Math.max(this.clock[topic] ?? 0, this.offsets[topic]);
    this.committed = this.durable();
    this.bus.publish(publications, { ...this.clock });
  }

  private hasSeen({ causes }: SimulatedRecord): boolean {
    return this.subscriptions.every((topic) => (causes[topic] ?? 0) <= (this.offsets[topic] ?? 0));
  }
}
