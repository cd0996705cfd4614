import type { Bus, Publication, SimulatedRecord } from './bus.js';

/**
 * A machine with the shell that every service has: it handles a batch, then commits its state, its place in the topic and the messages that
 * it publishes together. A crash before the commit leaves nothing of the batch.
 *
 * Nothing happens to a machine between its commit and its next batch, so its state is taken only where a crash is to follow: just
 * before a batch that it will not commit, or before it dies idle. It is written as text at the restart, after the batch: a machine
 * that changes an object of its committed state would come back with the change.
 */
export abstract class Node<Durable extends object> {
  private offsets: Record<string, number> = {};
  /** causes of all messages consumed so far, and these messages */
  private clock: Record<string, number> = {};
  private hasCommitted = false;

  protected constructor(
    readonly name: string,
    readonly subscriptions: readonly string[],
    private readonly bus: Bus,
  ) {}

  /** Makes the machine from the committed state, or empty where there is none. */
  protected abstract start(durable: Durable | undefined): void;
  protected abstract handle(topic: string, records: readonly SimulatedRecord[]): Promise<Publication[]>;
  /** Keeps what is not kept in {@link durable}, such as a journal. */
  protected commit(): void {
    // Most machines keep nothing else.
  }
  /** All that a restart needs besides, in objects that nobody changes afterwards. */
  protected abstract durable(): Durable;

  /** Dies with nothing to do, and starts again. */
  restart(): void {
    this.startFrom(this.committed());
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

  /** Handles the next records of a topic and commits. */
  async consume(topic: string, records: readonly SimulatedRecord[]): Promise<void> {
    const publications = await this.handle(topic, records);
    this.offsets[topic] = (this.offsets[topic] ?? 0) + records.length;
    for (const { causes } of records)
      for (const [name, count] of Object.entries(causes))
        this.clock[name] = Math.max(this.clock[name] ?? 0, count);
    this.clock[topic] = Math.max(this.clock[topic] ?? 0, this.offsets[topic]);
    this.commit();
    this.hasCommitted = true;
    this.bus.publish(publications, { ...this.clock });
  }

  /** Handles the next records of a topic, dies before it commits, and starts again. */
  async die(topic: string, records: readonly SimulatedRecord[]): Promise<void> {
    const committed = this.committed();
    await this.handle(topic, records);
    this.startFrom(committed);
  }

  private committed(): Durable | undefined {
    return this.hasCommitted ? this.durable() : undefined;
  }

  private startFrom(committed: Durable | undefined): void {
    this.start(committed === undefined ? undefined : (JSON.parse(JSON.stringify(committed)) as Durable));
  }

  private hasSeen({ causes }: SimulatedRecord): boolean {
    return this.subscriptions.every((topic) => (causes[topic] ?? 0) <= (this.offsets[topic] ?? 0));
  }
}
