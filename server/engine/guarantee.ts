/**
 * A share of device time that is given to those who would otherwise only get what others leave. It owes them
 * share / (1 - share) of what the others get while they wait, and they come first while anything is owed.
 */
export class Guarantee {
  readonly share: number;
  #owedMs = 0;

  /** @param share in (0, 1) */
  constructor(share: number) {
    this.share = share;
  }

  /** They are to be chosen now. */
  get due(): boolean {
    return this.#owedMs > 0;
  }

  /** Places of a batch that it reserves where others wait for the same one: at least one. */
  placesOf(limit: number): number {
    return Math.max(1, Math.ceil(this.share * limit));
  }

  /**
   * A batch has been chosen.
   *
   * @param othersMs what the others got of it
   * @param ownMs what they got
   * @param waiting whether any of them were waiting before it: where none were, nothing is owed or had in advance
   * @param left whether any of them are waiting still: where none are, they had all that they could use, and nothing is
   *   owed, or a single row that is only ever in one place of its lane's batches would have them all opened by its turn
   * @param mostMs neither is more than this ever owed, nor is so much had in advance: one batch
   */
  settle(
    othersMs: number,
    ownMs: number,
    { waiting, left }: { readonly waiting: boolean; readonly left: boolean },
    mostMs: number,
  ): void {
    const owedMs = this.#owedMs + (othersMs * this.share) / (1 - this.share) - ownMs;
    this.#owedMs = waiting ? Math.max(-mostMs, Math.min(left ? mostMs : 0, owedMs)) : 0;
  }
}
