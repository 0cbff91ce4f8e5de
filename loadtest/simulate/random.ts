/** Random numbers that a seed determines (Marsaglia's xorshift on 32 bits, its state a hash of the seed). */
export class Random {
  #state: number;

  /** @param stream streams of one seed are independent of each other */
  constructor(seed: number, stream = 0) {
    this.#state = mixed(mixed(seed + 1) ^ (stream + 1)) || 1;
    for (let i = 0; i < 8; i++) this.uniform();
  }

  /** In (0, 1). */
  uniform(): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return ((this.#state >>> 0) + 0.5) / 2 ** 32;
  }

  /** With the given mean: the time between arrivals of a Poisson process. */
  exponential(mean: number): number {
    return -mean * Math.log(this.uniform());
  }

  normal(): number {
    return Math.sqrt(-2 * Math.log(this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }
}

/** The finalizer of MurmurHash3 (Appleby 2011): every bit of the input changes half of the output's. */
function mixed(bits: number): number {
  let hash = bits;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
