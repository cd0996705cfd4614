/** Who is at the other end of a connection. */
export interface Caller {
  /** null: no key */
  readonly keyId: string | null;
  /** null: no key is asked for, everything is allowed */
  readonly scopes: ReadonlySet<string> | null;
  /** accounts it may act for; null: all */
  readonly accounts: ReadonlySet<string> | null;
  /** whom its connections and subscriptions are counted for */
  readonly holder: string;
  readonly ratePerSecond: number | null;
}

/** Who may come in. */
export interface Door {
  /** @throws {ZkriskError} for a key that is not known or not valid any more */
  authenticate(key: string): Promise<Caller>;
  /** Counts a message; false where the caller has sent too many. */
  admit(caller: Caller): boolean;
}
