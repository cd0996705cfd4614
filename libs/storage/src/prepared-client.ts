import pg from 'pg';

/** Statements that a connection prepares; the server parses and plans the others at each call. */
const MOST_STATEMENTS = 200;
/** Longer texts differ from call to call: they have as many parameters as there are rows. */
const LONGEST_CHARACTERS = 4_000;

/**
 * A connection on which the server parses and plans each statement with parameters once. An engine in one process sends some
 * hundred short statements for a bar, and parsing them costs the server as much as executing them. Not for connections
 * through a pooler that hands them from one client to the next: a prepared statement belongs to its connection.
 */
export class PreparedClient extends pg.Client {
  private readonly names = new Map<string, string>();

  /** The driver's `query`; its overloads cannot be declared again here. */
  override query(...given: unknown[]): never {
    const [text, values, ...rest] = given;
    const name = Array.isArray(values) && values.length > 0 ? this.nameOf(text) : undefined;
    const query = super.query.bind(this) as (...parameters: unknown[]) => never;
    return name === undefined ? query(...given) : query({ name, text, values }, ...rest);
  }

  private nameOf(text: unknown): string | undefined {
    if (typeof text !== 'string' || text.length > LONGEST_CHARACTERS) return undefined;
    const known = this.names.get(text);
    if (known !== undefined || this.names.size === MOST_STATEMENTS) return known;
    const name = `zkrisk-${this.names.size}`;
    this.names.set(text, name);
    return name;
  }
}
