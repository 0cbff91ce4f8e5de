/** A row's claim on a device until its deadline. */
export interface Demand {
  readonly deadlineMs: number;
  /** Device time that it needs until then, in ms. */
  readonly workMs: number;
  /** When it must run without a pause from, to be done in time. */
  readonly latestStartMs: number;
}

/** A node of the treap; the caller keeps it to take the demand out again. */
export interface DemandNode extends Demand {
  readonly order: number;
  readonly rank: number;
  left: DemandNode | undefined;
  right: DemandNode | undefined;
  /** Of the subtree: all its work. */
  sumMs: number;
  /** Of the subtree: min over its deadlines d of d minus the subtree's work that is due by d. */
  slackMs: number;
  /** Of the subtree: the earliest `latestStartMs`. */
  startMs: number;
}

type Tree = DemandNode | undefined;

/**
 * The demands on one device by deadline. By the processor-demand criterion (Baruah, Rosier and Howell 1990) the device
 * can still meet all of them at time `now` if for every deadline d the work due by d fits into d - now; and a row, whose
 * evaluations come one after another, must have started by its latest start.
 *
 * A treap that sums work below each node: add, remove and `criticalMs` cost O(log n). Its random ranks come from a
 * generator of its own, so that the same calls give the same answers.
 */
export class DeadlineDemand {
  #root: Tree;
  #orders = 0;
  #random = 0x9e3779b9;

  add(demand: Demand): DemandNode {
    this.#random ^= this.#random << 13;
    this.#random ^= this.#random >>> 17;
    this.#random ^= this.#random << 5;
    const node: DemandNode = {
      ...demand,
      order: this.#orders++,
      rank: this.#random,
      left: undefined,
      right: undefined,
      sumMs: 0,
      slackMs: 0,
      startMs: 0,
    };
    summed(node);
    const [left, right] = split(this.#root, node);
    this.#root = merge(merge(left, node), right);
    return node;
  }

  /** @param node that `add` gave and that has not been removed */
  remove(node: DemandNode): void {
    this.#root = without(this.#root, node);
  }

  /**
   * The last deadline d that is in danger at `nowMs`: the work due by d does not fit any more, or the row of d can't
   * wait. Every row due by d is to run now. undefined where all can wait.
   */
  criticalMs(nowMs: number): number | undefined {
    let node = this.#root;
    let dueMs = 0;
    while (node !== undefined) {
      const { left, right } = node;
      const throughMs: number = dueMs + (left?.sumMs ?? 0) + node.workMs;
      if (right !== undefined && inDanger(right.slackMs - throughMs, right.startMs, nowMs)) {
        dueMs = throughMs;
        node = right;
      } else if (inDanger(node.deadlineMs - throughMs, node.latestStartMs, nowMs)) {
        return node.deadlineMs;
      } else node = left;
    }
    return undefined;
  }
}

function inDanger(slackMs: number, startMs: number, nowMs: number): boolean {
  return slackMs <= nowMs || startMs <= nowMs;
}

function isBefore(a: DemandNode, b: DemandNode): boolean {
  return a.deadlineMs < b.deadlineMs || (a.deadlineMs === b.deadlineMs && a.order < b.order);
}

/** Computes a node's sums from its children's. */
function summed(node: DemandNode): DemandNode {
  const { left, right } = node;
  const throughMs = (left?.sumMs ?? 0) + node.workMs;
  node.sumMs = throughMs + (right?.sumMs ?? 0);
  node.slackMs = Math.min(
    left?.slackMs ?? Number.POSITIVE_INFINITY,
    node.deadlineMs - throughMs,
    (right?.slackMs ?? Number.POSITIVE_INFINITY) - throughMs,
  );
  node.startMs = Math.min(
    left?.startMs ?? Number.POSITIVE_INFINITY,
    node.latestStartMs,
    right?.startMs ?? Number.POSITIVE_INFINITY,
  );
  return node;
}

/** The nodes before `at`, and the others. */
function split(tree: Tree, at: DemandNode): [Tree, Tree] {
  if (tree === undefined) return [undefined, undefined];
  if (isBefore(tree, at)) {
    const [left, right] = split(tree.right, at);
    tree.right = left;
    return [summed(tree), right];
  }
  const [left, right] = split(tree.left, at);
  tree.left = right;
  return [left, summed(tree)];
}

/** Joins two trees, all of the first before all of the second. */
function merge(left: Tree, right: Tree): Tree {
  if (left === undefined) return right;
  if (right === undefined) return left;
  if (left.rank > right.rank) {
    left.right = merge(left.right, right);
    return summed(left);
  }
  right.left = merge(left, right.left);
  return summed(right);
}

function without(tree: Tree, node: DemandNode): Tree {
  if (tree === undefined) throw new RangeError("the demand is not in the tree");
  if (tree === node) return merge(tree.left, tree.right);
  if (isBefore(node, tree)) tree.left = without(tree.left, node);
  else tree.right = without(tree.right, node);
  return summed(tree);
}
