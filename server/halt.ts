/** Ends something at once. Never rejects. @returns whether it has ended: what is stuck in native code does not */
export type End = () => Promise<boolean>;

/** How a server is ended wherever it is: what could hold it up is told here, and ended when that is asked for. */
export class Halt {
  readonly #ends: End[] = [];
  readonly #ended: Promise<boolean>[] = [];
  #asked = false;

  /** Whether it has been asked for. */
  get asked(): boolean {
    return this.#asked;
  }

  /** @param end called when the end is asked for, at once where it has been */
  add(end: End): void {
    if (this.#asked) this.#ended.push(end());
    else this.#ends.push(end);
  }

  /** Ends everything. Asked for again, it waits for the same. @returns whether all has ended */
  async now(): Promise<boolean> {
    this.#asked = true;
    for (const end of this.#ends.splice(0)) this.#ended.push(end());
    return (await Promise.all(this.#ended)).every((ended) => ended);
  }
}
