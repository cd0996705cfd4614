/** Marks that a pass over the accounts goes by. */
export interface PassMarks {
  readonly market: string;
  readonly mark: number;
  /** cumulative funding, money per unit of size */
  readonly fundingIndex: number;
}

/** How far the present pass has come: every command moves it. */
export interface PassProgress {
  readonly swept: number;
  /** market time up to which accounts behind it owe their charge, milliseconds, and those before it */
  readonly at: readonly [now: number, before: number];
}

/** By which marks the accounts before and behind a pass are counted: a few changes a bar, and lists that are the same objects between them. */
export interface MarksOfPass {
  readonly now: readonly PassMarks[];
  /** of the pass before: accounts that this one has not reached */
  readonly before: readonly PassMarks[];
}

/** A pass over the accounts, as it is stored. */
export type PassState = PassProgress & MarksOfPass;

/** Marks and funding indices by the number of a market, and the market time up to which charges are owed. */
export interface Marks {
  at: number;
  readonly marks: number[];
  readonly indices: number[];
}
