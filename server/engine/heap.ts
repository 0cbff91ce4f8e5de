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

  get size(): number {
    return this.#items.length;
  }

  get first(): Item | undefined {
    return this.#items[0];
  }

  add(item: Item): void {
    this.#items.push(item);
    this.#up(item, this.#items.length - 1);
  }

  /** Takes an item out; nothing where it is in no heap. */
  remove(item: Item): void {
    const { place } = item;
    if (place < 0) return;
    const last = this.#items.pop();
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
      const parent = this.#items[above];
      if (parent === undefined || !before(item, parent)) break;
      this.#put(parent, place);
      place = above;
    }
    this.#put(item, place);
  }

  #down(item: Item, from: number): void {
    let place = from;
    for (;;) {
      const left = this.#items[2 * place + 1];
      const right = this.#items[2 * place + 2];
      const child = left !== undefined && right !== undefined && before(right, left) ? right : left;
      if (child === undefined || !before(child, item)) break;
      const below = child.place;
      this.#put(child, place);
      place = below;
    }
    this.#put(item, place);
  }

  #put(item: Item, place: number): void {
    this.#items[place] = item;
    item.place = place;
  }
}

function before(a: HeapItem, b: HeapItem): boolean {
  return a.key < b.key || (a.key === b.key && a.order < b.order);
}
