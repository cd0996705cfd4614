/** A settlement's notes: the cuts of all accounts, and the money set aside to repay them. */
interface Series {
  readonly id: string;
  readonly total: bigint;
  paid: bigint;
}

/** Plain data of the notes. */
export interface NotesState {
  readonly series: readonly (readonly [id: string, total: bigint, paid: bigint])[];
  readonly held: readonly (readonly [account: string, id: string, amount: bigint, claimed: bigint])[];
  readonly fund: bigint;
}

/**
 * Cuts of accounts after losses past the pool's capital are owed as notes: half of the exchange's vested income is
 * set aside, the oldest settlement first, each note in proportion to the cut.
 */
export class PayoutNotes {
  private readonly series: Series[] = [];
  private readonly held = new Map<string, Map<string, { readonly amount: bigint; claimed: bigint }>>();
  /** set aside and not claimed yet, money */
  fund = 0n;

  /** @param cuts by account; several calls of one settlement add up */
  issue(id: string, cuts: readonly (readonly [account: string, amount: bigint])[]): void {
    const total = cuts.reduce((sum, [, amount]) => sum + amount, 0n);
    const at = this.series.findIndex((known) => known.id === id);
    if (at < 0) this.series.push({ id, total, paid: 0n });
    else this.series[at] = { ...this.series[at], total: this.series[at].total + total };
    for (const [account, amount] of cuts) {
      const known = this.held.get(account) ?? new Map<string, { amount: bigint; claimed: bigint }>();
      known.set(id, { amount: amount + (known.get(id)?.amount ?? 0n), claimed: 0n });
      this.held.set(account, known);
    }
  }

  /** Sets money aside for the oldest notes. @returns the amount they need */
  repay(most: bigint): bigint {
    let left = most;
    for (const series of this.series) {
      const open = series.total - series.paid;
      const taken = open < left ? open : left;
      series.paid += taken;
      left -= taken;
    }
    this.fund += most - left;
    return most - left;
  }

  /** An account's notes, and the part that can be claimed now; money. */
  of(account: string): { readonly outstanding: bigint; readonly claimable: bigint } {
    let outstanding = 0n;
    let claimable = 0n;
    for (const [id, { amount, claimed }] of this.held.get(account) ?? []) {
      const { total, paid } = this.series.find((series) => series.id === id)!;
      outstanding += amount - claimed;
      claimable += (amount * paid) / total - claimed;
    }
    return { outstanding, claimable };
  }

  /** An account is paid all that it can claim. @returns how much that is */
  claim(account: string): bigint {
    const { claimable } = this.of(account);
    const known = this.held.get(account);
    for (const [id, note] of known ?? []) {
      const { total, paid } = this.series.find((series) => series.id === id)!;
      note.claimed = (note.amount * paid) / total;
      if (note.claimed === note.amount) known!.delete(id);
    }
    if (known?.size === 0) this.held.delete(account);
    this.fund -= claimable;
    return claimable;
  }

  /** Owed by all notes and not set aside yet, money. */
  get outstanding(): bigint {
    return this.series.reduce((sum, { total, paid }) => sum + total - paid, 0n);
  }

  state(): NotesState {
    return {
      series: this.series.map(({ id, total, paid }) => [id, total, paid] as const),
      held: [...this.held].flatMap(([account, notes]) =>
        [...notes].map(([id, { amount, claimed }]) => [account, id, amount, claimed] as const),
      ),
      fund: this.fund,
    };
  }

  restore({ series, held, fund }: NotesState): void {
    for (const [id, total, paid] of series) this.series.push({ id, total, paid });
    for (const [account, id, amount, claimed] of held) {
      const known = this.held.get(account) ?? new Map<string, { amount: bigint; claimed: bigint }>();
      known.set(id, { amount, claimed });
      this.held.set(account, known);
    }
    this.fund = fund;
  }
}
