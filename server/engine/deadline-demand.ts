/** A row's claim on a device until its deadline. */
export interface Demand {
  readonly deadlineMs: number;
  /** Device time that it needs until then, in ms. */
  readonly workMs: number;
  /** When it must run without a pause from, to be done in time. */
  readonly latestStartMs: number;
}

/** A demand that was added; the caller keeps it to change it or to take it out. */
export type DemandNode = number & { readonly of: unique symbol };

/**
 * Float64 fields of a node, which fills one cache line: at 10^5 demands what a call costs is what it has to fetch. After the
 * demand's own fields come those of its subtree: all its work, the least of its deadlines d minus the subtree's work that is due
 * by d, and the earliest start.
 */
const STRIDE = 8;
const DEADLINE = 0;
const WORK = 1;
const START = 2;
const SUM = 3;
const SLACK = 4;
const FIRST_START = 5;

/** Int32 fields of a node: its children and its random rank, which is the largest of its subtree. */
const INTS = 2 * STRIDE;
const LEFT = 12;
const RIGHT = 13;
const RANK = 14;

/** The node that stands for none: no work, no deadline. */
const NONE = 0;

/**
 * The demands on one device by deadline. By the processor-demand criterion (Baruah, Rosier and Howell 1990) the device
 * can still meet all of them at time `now` if for every deadline d the work due by d fits into d - now; and a row, whose
 * evaluations come one after another, must have started by its latest start.
 *
 * A treap that sums work below each node: every call costs O(log n). Its random ranks come from a generator of its own, so that
 * the same calls give the same answers. Its nodes lie in one array.
 */
export class DeadlineDemand {
  #floats = new Float64Array(STRIDE * 16);
  #ints = new Int32Array(this.#floats.buffer);
  #root = NONE;
  /** Nodes that were ever in use, and those of them that are free, linked by their left children. */
  #nodes = 1;
  #free = NONE;
  #random = 0x9e3779b9;
  /** What the last split gave. */
  #before = NONE;
  #after = NONE;

  constructor() {
    this.#floats[SLACK] = Number.POSITIVE_INFINITY;
    this.#floats[FIRST_START] = Number.POSITIVE_INFINITY;
  }

  add(demand: Demand): DemandNode {
    const node = this.#take();
    this.#random ^= this.#random << 13;
    this.#random ^= this.#random >>> 17;
    this.#random ^= this.#random << 5;
    this.#ints[INTS * node + RANK] = this.#random;
    this.#write(node, demand);
    this.#root = this.#inserted(this.#root, node);
    return node as DemandNode;
  }

  /** @param node that `add` gave and that has not been removed */
  remove(node: DemandNode): void {
    this.#root = this.#without(this.#root, node);
    this.#ints[INTS * node + LEFT] = this.#free;
    this.#free = node;
  }

  /** A demand has become another one. @param node that `add` gave and that has not been removed */
  change(node: DemandNode, demand: Demand): void {
    if (demand.deadlineMs === this.#floats[STRIDE * node + DEADLINE]) {
      this.#write(node, demand);
      this.#sumTo(this.#root, node);
      return;
    }
    this.#root = this.#without(this.#root, node);
    this.#write(node, demand);
    this.#root = this.#inserted(this.#root, node);
  }

  /**
   * The last deadline d that is in danger at `nowMs`: the work due by d does not fit any more, or the row of d can't
   * wait. Every row due by d is to run now. undefined where all can wait.
   */
  criticalMs(nowMs: number): number | undefined {
    const floats = this.#floats;
    let node = this.#root;
    let dueMs = 0;
    while (node !== NONE) {
      const [left, right] = [this.#left(node), this.#right(node)];
      const at = STRIDE * node;
      const throughMs = dueMs + floats[STRIDE * left + SUM]! + floats[at + WORK]!;
      const slackMs = floats[STRIDE * right + SLACK]! - throughMs;
      const deadlineMs = floats[at + DEADLINE]!;
      if (slackMs <= nowMs || floats[STRIDE * right + FIRST_START]! <= nowMs) {
        dueMs = throughMs;
        node = right;
      } else if (deadlineMs - throughMs <= nowMs || floats[at + START]! <= nowMs) {
        return deadlineMs;
      } else node = left;
    }
    return undefined;
  }

  #left(node: number): number {
    return this.#ints[INTS * node + LEFT]!;
  }

  #right(node: number): number {
    return this.#ints[INTS * node + RIGHT]!;
  }

  #rank(node: number): number {
    return this.#ints[INTS * node + RANK]!;
  }

  /** A free node. */
  #take(): number {
    const free = this.#free;
    if (free !== NONE) {
      this.#free = this.#left(free);
      return free;
    }
    if (STRIDE * this.#nodes === this.#floats.length) {
      const grown = new Float64Array(2 * this.#floats.length);
      grown.set(this.#floats);
      this.#floats = grown;
      this.#ints = new Int32Array(grown.buffer);
    }
    return this.#nodes++;
  }

  #write(node: number, { deadlineMs, workMs, latestStartMs }: Demand): void {
    const at = STRIDE * node;
    this.#floats[at + DEADLINE] = deadlineMs;
    this.#floats[at + WORK] = workMs;
    this.#floats[at + START] = latestStartMs;
  }

  /** By deadline; equal ones in some order that does not change. */
  #isBefore(a: number, b: number): boolean {
    const [of, other] = [
      this.#floats[STRIDE * a + DEADLINE]!,
      this.#floats[STRIDE * b + DEADLINE]!,
    ];
    return of < other || (of === other && a < b);
  }

  /** Gives a node its children and its sums. */
  #joined(node: number, left: number, right: number): number {
    this.#ints[INTS * node + LEFT] = left;
    this.#ints[INTS * node + RIGHT] = right;
    const floats = this.#floats;
    const [at, l, r] = [STRIDE * node, STRIDE * left, STRIDE * right];
    const throughMs = floats[l + SUM]! + floats[at + WORK]!;
    floats[at + SUM] = throughMs + floats[r + SUM]!;
    const ownMs = floats[at + DEADLINE]! - throughMs;
    floats[at + SLACK] = Math.min(floats[l + SLACK]!, ownMs, floats[r + SLACK]! - throughMs);
    const [first, own, last] = [l + FIRST_START, at + START, r + FIRST_START];
    floats[at + FIRST_START] = Math.min(floats[first]!, floats[own]!, floats[last]!);
    return node;
  }

  #inserted(tree: number, node: number): number {
    if (tree === NONE || this.#rank(node) > this.#rank(tree)) {
      this.#split(tree, node);
      return this.#joined(node, this.#before, this.#after);
    }
    const [left, right] = [this.#left(tree), this.#right(tree)];
    return this.#isBefore(tree, node)
      ? this.#joined(tree, left, this.#inserted(right, node))
      : this.#joined(tree, this.#inserted(left, node), right);
  }

  /** The nodes before `at`, and the others. */
  #split(tree: number, at: number): void {
    if (tree === NONE) {
      this.#before = NONE;
      this.#after = NONE;
      return;
    }
    const [left, right] = [this.#left(tree), this.#right(tree)];
    if (this.#isBefore(tree, at)) {
      this.#split(right, at);
      this.#before = this.#joined(tree, left, this.#before);
    } else {
      this.#split(left, at);
      this.#after = this.#joined(tree, this.#after, right);
    }
  }

  #without(tree: number, node: number): number {
    if (tree === NONE) throw new RangeError("the demand is not in the tree");
    const [left, right] = [this.#left(tree), this.#right(tree)];
    if (tree === node) return this.#merged(left, right);
    return this.#isBefore(node, tree)
      ? this.#joined(tree, this.#without(left, node), right)
      : this.#joined(tree, left, this.#without(right, node));
  }

  /** Two trees as one, all of the first before all of the second. */
  #merged(left: number, right: number): number {
    if (left === NONE) return right;
    if (right === NONE) return left;
    return this.#rank(left) > this.#rank(right)
      ? this.#joined(left, this.#left(left), this.#merged(this.#right(left), right))
      : this.#joined(right, this.#merged(left, this.#left(right)), this.#right(right));
  }

  /** Sums again from a node up. */
  #sumTo(tree: number, node: number): void {
    if (tree === NONE) throw new RangeError("the demand is not in the tree");
    const [left, right] = [this.#left(tree), this.#right(tree)];
    if (tree !== node) this.#sumTo(this.#isBefore(node, tree) ? left : right, node);
    this.#joined(tree, left, right);
  }
}
