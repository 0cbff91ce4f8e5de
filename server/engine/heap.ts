/** What a heap needs to know of its items, kept in the items themselves so that any can be taken out. */
export interface HeapItem {
  /** Smallest first. */
  key: number;
  /** Among equal keys, smallest first. */
  readonly order: number;
  /** Index in the heap; -1 outside. An item is in one heap at most. */
  place: number;
}

/** A binary heap whose items can be taken out and can change their keys: O(log n) each, the first item O(1). */
export class Heap<Item extends HeapItem> {
  readonly #items: Item[] = [];
  /** The items' keys, side by side: to compare keys no item needs to be fetched. */
  readonly #keys: number[] = [];

  get size(): number {
    return this.#items.length;
  }

  get first(): Item | undefined {
    return this.#items[0];
  }

  add(item: Item): void {
    this.#items.push(item);
    this.#keys.push(item.key);
    this.#up(item, this.#items.length - 1);
  }

  /** Takes an item out; nothing where it is in no heap. */
  remove(item: Item): void {
    const { place } = item;
    if (place < 0) return;
    const last = this.#items.pop();
    this.#keys.pop();
    item.place = -1;
    if (last === undefined || last === item) return;
    last.place = place;
    this.#items[place] = last;
    this.update(last);
  }

  /** An item's key or order has changed. */
  update(item: Item): void {
    this.#up(item, item.place);
    this.#down(item, item.place);
  }

  #up(item: Item, from: number): void {
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const key = this.#keys[above] ?? 0;
      if (item.key > key) break;
      const parent = this.#items[above];
      if (parent === undefined || (item.key === key && item.order > parent.order)) break;
      this.#put(parent, key, place);
      place = above;
    }
    this.#put(item, item.key, place);
  }

  #down(item: Item, from: number): void {
    let place = from;
    for (;;) {
      const below = this.#lesser(2 * place + 1, 2 * place + 2);
      const key = this.#keys[below] ?? Number.POSITIVE_INFINITY;
      if (item.key < key) break;
      const child = this.#items[below];
      if (child === undefined || (item.key === key && item.order < child.order)) break;
      this.#put(child, key, place);
      place = below;
    }
    this.#put(item, item.key, place);
  }

  /** Of two places the one whose item comes first; the right one may be past the end. */
  #lesser(left: number, right: number): number {
    const [of, other] = [this.#keys[left], this.#keys[right]];
    if (of === undefined || other === undefined || of < other) return left;
    if (of > other) return right;
    return (this.#items[left]?.order ?? 0) < (this.#items[right]?.order ?? 0) ? left : right;
  }

  #put(item: Item, key: number, place: number): void {
    this.#items[place] = item;
    this.#keys[place] = key;
    item.place = place;
  }
}
