/** How fast something gets on, from when it was first seen: a page that is loaded again sees only the rest. */
export class Pace {
  #first: { readonly ms: number; readonly fraction: number } | undefined;

  /** @param fraction that is done, 0 to 1, at a time in ms */
  observe(ms: number, fraction: number): void {
    this.#first ??= { ms, fraction };
  }

  /** If it goes on so, in ms; undefined before it has moved. */
  leftMs(ms: number, fraction: number): number | undefined {
    if (this.#first === undefined) return undefined;
    const done = fraction - this.#first.fraction;
    if (!(done > 0)) return undefined;
    return ((ms - this.#first.ms) * (1 - fraction)) / done;
  }
}
