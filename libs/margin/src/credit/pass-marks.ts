/** Marks that a pass over the accounts goes by. */
export interface PassMarks {
  readonly market: string;
  readonly mark: number;
  /** cumulative funding, money per unit of size */
  readonly fundingIndex: number;
}

/** How far the present pass has come, and by which marks the accounts before and behind it are counted. */
export interface PassState {
  readonly swept: number;
  /** market time up to which accounts behind it owe their charge, milliseconds, and those before it */
  readonly at: readonly [now: number, before: number];
  readonly now: readonly PassMarks[];
  /** of the pass before: accounts that this one has not reached */
  readonly before: readonly PassMarks[];
}

/** Marks and funding indices by the number of a market, and the market time up to which charges are owed. */
export interface Marks {
  at: number;
  readonly marks: number[];
  readonly indices: number[];
}
