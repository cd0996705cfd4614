import { randomUUID } from 'node:crypto';
import { type ChannelName, CHANNELS, type JsonObject, patchBetween } from '#lib/messages';

/** A place in a stream. */
export interface Position {
  readonly stream: string;
  readonly sequence: number;
}

export type SnapshotReason = 'subscribed' | 'cannot-resume' | 'slow-reader';

/** Deltas kept for resuming clients: so many, and not more bytes. */
const KEPT_DELTAS = 256;
const KEPT_BYTES = 512 << 10;

/** One document, as its subscribers mirror it: a snapshot, then patches with consecutive numbers. */
export class Feed {
  readonly stream = randomUUID();
  private current: JsonObject = {};
  private number = 0;
  private readonly deltas: Buffer[] = [];
  private deltaBytes = 0;
  private snapshots: { sequence: number; frames: Map<SnapshotReason, Buffer> } | undefined;
  private readonly address: string;
  /** channel and subject: a session's subscriptions go by it */
  readonly key: string;

  constructor(
    readonly channel: ChannelName,
    readonly subject: string | undefined,
  ) {
    this.key = feedKey(channel, subject);
    this.address = `"channel":"${channel}",${subjectField(channel, subject)}"stream":"${this.stream}"`;
  }

  get sequence(): number {
    return this.number;
  }

  /** Takes the document as it is now; the frame that tells it, undefined where nothing has changed. */
  update(document: JsonObject): Buffer | undefined {
    const patch = patchBetween(this.current, document);
    if (patch === undefined) return undefined;
    this.current = document;
    this.number++;
    const frame = this.frame('delta', '', patch);
    this.deltas.push(frame);
    this.deltaBytes += frame.length;
    while (this.deltas.length > KEPT_DELTAS || (this.deltaBytes > KEPT_BYTES && this.deltas.length > 1))
      this.deltaBytes -= this.deltas.shift()!.length;
    return frame;
  }

  /** The document as a whole. Made once for all who need it. */
  snapshot(reason: SnapshotReason): Buffer {
    if (this.snapshots?.sequence !== this.number)
      this.snapshots = { sequence: this.number, frames: new Map() };
    const { frames } = this.snapshots;
    const made = frames.get(reason) ?? this.frame('snapshot', `"reason":"${reason}",`, this.current);
    frames.set(reason, made);
    return made;
  }

  /** Entries after a place; undefined where they are not kept any more or never were. */
  since({ stream, sequence }: Position): readonly Buffer[] | undefined {
    const missing = this.number - sequence;
    if (stream !== this.stream || missing < 0 || missing > this.deltas.length) return undefined;
    return this.deltas.slice(this.deltas.length - missing);
  }

  private frame(type: 'snapshot' | 'delta', more: string, data: JsonObject): Buffer {
    return Buffer.from(
      `{"type":"${type}",${this.address},"sequence":${this.number},${more}"data":${JSON.stringify(data)}}`,
    );
  }
}

export function feedKey(channel: ChannelName, subject: string | undefined): string {
  return subject === undefined ? channel : `${channel} ${subject}`;
}

/** `"market":"…",` where the channel's subject is one. */
export function subjectField(channel: ChannelName, subject: string | undefined): string {
  if (subject === undefined) return '';
  const definition = CHANNELS[channel];
  const kind = 'subject' in definition ? definition.subject.kind : 'market';
  return `${JSON.stringify(kind)}:${JSON.stringify(subject)},`;
}
