/** How many records of each topic have to be handled before: a vector clock over topics. */
export type Causes = Readonly<Record<string, number>>;

/** A record as a topic keeps it. The body is text, so that a machine gets it as from a wire. */
export interface SimulatedRecord {
  readonly topic: string;
  readonly time: number;
  readonly body: string;
  readonly causes: Causes;
}

/** A record that is about to be published. */
export type Publication = Omit<SimulatedRecord, 'causes'>;

/** Topics in memory. A topic keeps its order; between topics only causes do. */
export class Bus {
  private readonly topics = new Map<string, SimulatedRecord[]>();

  publish(records: readonly Publication[], causes: Causes): void {
    for (const record of records) this.topic(record.topic).push({ ...record, causes });
  }

  length(topic: string): number {
    return this.topics.get(topic)?.length ?? 0;
  }

  record(topic: string, offset: number): SimulatedRecord {
    return this.topic(topic)[offset];
  }

  private topic(name: string): SimulatedRecord[] {
    const known = this.topics.get(name);
    if (known !== undefined) return known;
    const made: SimulatedRecord[] = [];
    this.topics.set(name, made);
    return made;
  }
}
