import type { Register, RegisterAccess } from "../sde/index.ts";
import type { RowStep } from "./protocol.ts";

/**
 * The registers of one row in the slab, double-buffered: until a register has been written in this step it is read
 * from its front; it is only ever written to its back. A step that dies half way has changed nothing.
 */
export class RowRegisters implements RegisterAccess {
  /** Bit r: register r has been written. */
  written = 0;
  readonly #row: RowStep;
  readonly #dims: number;
  readonly #slab: Float32Array;
  readonly #scratch: (Float32Array | undefined)[] = [];

  constructor(slab: Float32Array, row: RowStep, dims: number) {
    this.#slab = slab;
    this.#row = row;
    this.#dims = dims;
  }

  read(register: Register): Float32Array {
    if (register >= this.#row.lasting) return this.#scratchOf(register);
    const back = ((this.#row.front ^ this.written) >> register) & 1;
    return this.#side(register, back);
  }

  write(register: Register): Float32Array {
    if (register >= this.#row.lasting) return this.#scratchOf(register);
    this.written |= 1 << register;
    return this.#side(register, ((this.#row.front >> register) & 1) ^ 1);
  }

  /** Lends memory of the worker's own as a scratch register for the length of this step. */
  lend(register: Register, memory: Float32Array): void {
    this.#scratch[register - this.#row.lasting] = memory;
  }

  #side(register: Register, side: number): Float32Array {
    if (register >= this.#row.allocated) {
      throw new RangeError(`register ${register} has no place in the slab`);
    }
    const from = this.#row.offset + (2 * register + side) * this.#dims;
    return this.#slab.subarray(from, from + this.#dims);
  }

  #scratchOf(register: Register): Float32Array {
    const index = register - this.#row.lasting;
    const known = this.#scratch[index];
    if (known !== undefined) return known;
    const made = new Float32Array(this.#dims);
    this.#scratch[index] = made;
    return made;
  }
}
