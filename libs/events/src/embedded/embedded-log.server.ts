import { ConsumerOffsets } from '../consumer-offsets.js';
import type { Cursor } from '../handle-batch.js';
import { LaneUnit, type RecordSource } from '../lane-unit.js';
import type { Answering, Request } from '../answer.js';
import { answersOf, cursorsOf, type LaneHandlers, lanesOf, topicsOf } from '../lanes-of.js';
import { unitsOf } from '../units.js';
import { LogServer } from '../log-server.js';
import { outgoing } from '#lib/messages';
import { CORRELATION_HEADER } from '#lib/runtime';
import type { LogRecord } from '../record.js';
import type { EmbeddedLog } from './embedded-log.js';
import { Rounds } from './rounds.js';

/** Nest transport over {@link EmbeddedLog}: the units of all lanes of the process. */
export class EmbeddedLogServer extends LogServer<EmbeddedLog> {
  override transportId = Symbol('embedded-log');
  private consumers: { readonly stop: () => Promise<void> }[] = [];

  protected override async open(): Promise<void> {
    const { log, database, owners, logger } = this;
    const parts = {
      ...{ log, database, owners, logger },
      source: new EmbeddedRecords(log),
      offsets: new ConsumerOffsets(database),
    };
    const unitsIn = (lanes: readonly LaneHandlers[]) =>
      lanes.flatMap((lane) =>
        unitsOf(lane.lane, log.partitions).map(
          (unit) => new LaneUnit(lane.lane, unit, cursorsOf(lane, unit, log.partitions), parts),
        ),
      );
    const answering = unitsIn(answersOf(this.messageHandlers).map(answeringLane));
    const units = [...unitsIn(lanesOf(this.messageHandlers)), ...answering];
    // Nothing waits for answers: they change nothing.
    const apart = new Set(answering.map(({ name }) => name));
    // Positions first: from then on the log's lag tells whether everything has been consumed.
    await Promise.all(units.map((unit) => unit.restore()));
    const shared = units.filter(({ lane }) => lane.shared);
    const consumers = [
      ...(shared.length === 0 ? [] : [new Rounds(shared, apart, parts)]),
      ...units.filter((unit) => !shared.includes(unit)),
    ];
    for (const consumer of consumers) consumer.start();
    this.consumers = consumers;
  }

  override async close(): Promise<void> {
    await Promise.all(this.consumers.map((consumer) => consumer.stop()));
  }
}

/** Requests are consumed like anything else: tables know no faster way. */
function answeringLane({
  answering,
  handler,
}: {
  answering: Answering;
  handler: (requests: Request<unknown>[]) => Promise<string[]>;
}): LaneHandlers {
  const { requests, replies, group } = answering;
  const lane = { name: group, spread: 'partitions' } as const;
  return {
    lane,
    subscriptions: [
      {
        subscription: { topic: requests, lane, everyUnit: false, batch: 500 },
        handler: async (messages, context) => {
          const asked = messages.map((message) => ({
            message,
            problem: undefined,
            correlationId: message.id,
          }));
          const payloads = await handler(asked);
          payloads.forEach((payload, i) => {
            const { id, sequence, time } = messages[i];
            const header = { id: `reply-${id}`, sequence, time };
            const reply = outgoing(replies, id, header, JSON.parse(payload) as unknown);
            context.publish({ ...reply, headers: { [CORRELATION_HEADER]: id } });
          });
        },
      },
    ],
  };
}

/** Records read from the log's tables, all topics in one statement. */
class EmbeddedRecords implements RecordSource {
  constructor(private readonly log: EmbeddedLog) {}

  async next(cursors: readonly Cursor[]): Promise<{ cursor: Cursor; records: LogRecord[] } | undefined> {
    const { moment } = this.log;
    const [first] = await this.log.readTogether(cursors);
    if (first !== undefined) return { cursor: cursors[first.index], records: first.records };
    this.log.noteIdle(cursors, topicsOf(cursors), moment);
    return undefined;
  }

  first(topic: string, partition: number): Promise<bigint> {
    return this.log.first(topic, partition);
  }

  wait(cursors: readonly Cursor[], timeoutMs: number, signal: AbortSignal): Promise<void> {
    return this.log.waitForAppend(topicsOf(cursors), timeoutMs, signal);
  }

  left(cursors: readonly Cursor[]): void {
    this.log.left(cursors);
  }
}
