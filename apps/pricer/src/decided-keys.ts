import type { EntityManager } from 'typeorm';

/** Bits, eight megabytes of them: at {@link MOST} keys one new key in 1,700 is taken for a known one. */
const BITS = 2 ** 26;
const HASHES = 8;
/** With more keys the filter answers no longer. */
const MOST = 4_000_000;
/** Size of the table up to which its keys are read: some 60 bytes a row. */
const MOST_BYTES = 60 * MOST;
/** Parts in which keys are read, by their first digit. */
const PARTS = 16;
const KEY_BYTES = 16;

/**
 * Keys of the commands that have been decided, in a Bloom filter: a command whose key it does not have is new, and the writer of the book does
 * not look it up in the tables. Only the writer may rely on it: nobody else decides.
 */
export class DecidedKeys {
  private readonly bits = new Uint32Array(BITS / 32);
  private count = 0;
  private complete = false;

  /** Whether a command may have been decided: false is certain, true has to be looked up in the tables. */
  mayHave(key: string): boolean {
    if (!this.complete) return true;
    const [first, step] = hashesOf(key);
    for (let i = 0, at = first; i < HASHES; i++, at = (at + step) >>> 0)
      if ((this.bits[(at & (BITS - 1)) >>> 5] & (1 << (at & 31))) === 0) return false;
    return true;
  }

  /** Adds the key of a decided command. It stays where the transaction is rolled back: the command is then looked up in the tables in vain. */
  add(key: string): void {
    const [first, step] = hashesOf(key);
    for (let i = 0, at = first; i < HASHES; i++, at = (at + step) >>> 0)
      this.bits[(at & (BITS - 1)) >>> 5] |= 1 << (at & 31);
    if (++this.count > MOST) this.complete = false;
  }

  /** Reads the keys that are committed, unless there are too many; keys are added meanwhile. */
  async load(manager: EntityManager): Promise<void> {
    const [{ bytes }] = await manager.query<[{ bytes: string }]>(
      `select coalesce(sum(pg_relation_size(inhrelid)), 0) as bytes from pg_inherits where inhparent = 'command_outcome'::regclass`,
    );
    if (Number(bytes) > MOST_BYTES) return;
    for (let part = 0; part < PARTS; part++) {
      const digit = part.toString(16);
      const [{ keys }] = await manager.query<[{ keys: Buffer | null }]>(
        `select string_agg(uuid_send(key), '') as keys from command_outcome where key between $1::uuid and $2::uuid`,
        [digit.padEnd(2 * KEY_BYTES, '0'), digit.padEnd(2 * KEY_BYTES, 'f')],
      );
      for (let at = 0; at < (keys?.length ?? 0); at += KEY_BYTES)
        this.add(keys!.toString('hex', at, at + KEY_BYTES));
    }
    this.complete = this.count <= MOST;
  }
}

/** Two numbers from a key, whose halves are digests: its places in the filter begin at the first and are a step apart. */
function hashesOf(key: string): [first: number, step: number] {
  // From both halves, so that commands of one owner, or of one id, do not share their places. An odd step meets no place twice.
  const [id, owner] = [parseInt(key.slice(0, 8), 16), parseInt(key.slice(16, 24), 16)];
  return [(id ^ owner) >>> 0, (parseInt(key.slice(8, 16), 16) ^ parseInt(key.slice(24, 32), 16)) | 1];
}
