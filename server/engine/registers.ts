import { shrink } from "../images/shrink.ts";
import type { Row } from "./row.ts";
import type { Slab } from "./slab.ts";

/** What a row that has its registers, or has ended, still has beside them. */
export const NO_INPUTS: readonly Float32Array[] = [];

/** Elements of one register. */
function dimsOf({ job }: Row): number {
  const { channels, height, width } = job.spec.model.shape;
  return channels * height * width;
}

/** Who has registers in the slab. A row has them from before its first step until it has ended and no worker has it. */
export class Registers {
  readonly #slab: Slab;
  readonly #active = new Set<Row>();
  readonly #leaving = new Set<Row>();

  constructor(slab: Slab) {
    this.#slab = slab;
  }

  /** Rows of jobs that run. */
  get active(): ReadonlySet<Row> {
    return this.#active;
  }

  /** Rows of jobs that have ended, which a worker still has. They hold registers, but take nobody's place. */
  get leaving(): ReadonlySet<Row> {
    return this.#leaving;
  }

  /** Elements that are taken, and those that are not. */
  get usedElements(): number {
    return this.#slab.used;
  }

  get freeElements(): number {
    return this.#slab.size - this.#slab.used;
  }

  /** Bytes of all. */
  get bytes(): number {
    return this.#slab.memory.byteLength;
  }

  /** Gives a row its registers and fills those that it begins with. @returns false where there is no room now */
  give(row: Row): boolean {
    const dims = dimsOf(row);
    const offset = this.#slab.allocate(2 * row.allocated * dims);
    if (offset === undefined) return false;
    row.offset = offset;
    for (const [i, register] of row.spec.program.inputs.entries()) {
      this.#slab.elements.set(row.spec.inputs[i] ?? [], row.frontOf(register, dims));
    }
    row.spec.inputs = NO_INPUTS;
    this.#active.add(row);
    return true;
  }

  /** The job of a row that a worker has has ended: the registers stay until it comes back, as the worker may write to them. */
  leave(row: Row): void {
    if (this.#active.delete(row)) this.#leaving.add(row);
  }

  /** Takes a row's registers back. @returns whether it had any */
  takeBack(row: Row): boolean {
    const held = this.#active.delete(row) || this.#leaving.delete(row);
    if (!held || row.offset === undefined) return false;
    this.#slab.release(row.offset);
    row.offset = undefined;
    row.step = undefined;
    return true;
  }

  /** What a register has, shrunk by a factor as a picture, in memory of its own. */
  shrunk(row: Row, register: number, factor: number): Float32Array {
    const { shape } = row.job.spec.model;
    const dims = dimsOf(row);
    const from = row.frontOf(register, dims);
    return shrink(this.#slab.elements.subarray(from, from + dims), shape, factor);
  }

  /** What a register has, float32[channels, height, width], in memory of its own. */
  copy(row: Row, register: number): Float32Array {
    const dims = dimsOf(row);
    const from = row.frontOf(register, dims);
    return this.#slab.elements.slice(from, from + dims);
  }
}
