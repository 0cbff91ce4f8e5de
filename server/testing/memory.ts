import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Memory of this process, in MiB. */
export interface Memory {
  readonly resident: number;
  /** Of JavaScript's own. */
  readonly heap: number;
  /** Of buffers outside JavaScript's heap. */
  readonly external: number;
}

/** What this process holds once what can be collected has been: the least of a few looks, a turn apart. */
export async function heldMemory(): Promise<Memory> {
  let resident = Number.POSITIVE_INFINITY;
  let [heap, external] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let look = 0; look < 5; look++) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
    const usage = process.memoryUsage();
    resident = Math.min(resident, usage.rss / 2 ** 20);
    heap = Math.min(heap, usage.heapUsed / 2 ** 20);
    external = Math.min(external, usage.external / 2 ** 20);
  }
  return { resident, heap, external };
}
