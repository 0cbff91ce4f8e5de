/** The most that is kept at once. */
export interface CacheBounds {
  readonly entries: number;
  readonly bytes: number;
}

interface Entry<Value> {
  readonly value: Value;
  readonly bytes: number;
}

/** Values by key, those that were used last: the others go as soon as there are too many, or they take too much memory. */
export class BoundedCache<Value> {
  readonly #bounds: CacheBounds;
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry<Value>>();
  #bytes = 0;

  constructor(bounds: CacheBounds) {
    this.#bounds = bounds;
  }

  /** What all values take. */
  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** Keeps a value, if need be in place of all others, but never one that is past the bound alone. */
  set(key: string, value: Value, bytes: number): void {
    this.#delete(key);
    if (bytes > this.#bounds.bytes) return;
    this.#entries.set(key, { value, bytes });
    this.#bytes += bytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#bounds.entries && this.#bytes <= this.#bounds.bytes) return;
      this.#delete(oldest);
    }
  }

  /** Lets go of the values that `of` says yes to. */
  drop(of: (value: Value) => boolean): void {
    for (const [key, { value }] of this.#entries) if (of(value)) this.#delete(key);
  }

  #delete(key: string): void {
    this.#bytes -= this.#entries.get(key)?.bytes ?? 0;
    this.#entries.delete(key);
  }
}
