/** An answer that is the same for everybody for a while: it is made once, however often it is asked for. One that fails is made again. */
export class HeldAnswer<Answer> {
  private made: { readonly at: number; readonly answer: Promise<Answer> } | undefined;

  /** @param heldMs how long it is held from the moment it was asked for */
  constructor(
    private readonly make: () => Promise<Answer>,
    private readonly heldMs: number,
  ) {}

  get(): Promise<Answer> {
    const now = performance.now();
    if (this.made === undefined || now - this.made.at >= this.heldMs) {
      const made = { at: now, answer: this.make() };
      this.made = made;
      made.answer.catch(() => {
        if (this.made === made) this.made = undefined;
      });
    }
    return this.made.answer;
  }
}
