import { BATCH_SHARE, PRIORITIES } from "./device-schedule.ts";
import { type Flow, isDue } from "./flow.ts";
import { FluidClass } from "./fluid-class.ts";
import { FluidLanes } from "./fluid-lanes.ts";

/** A flow that ends, and in how many ms. */
export interface FlowEnd {
  readonly flow: Flow;
  readonly spanMs: number;
}

/**
 * Flows count as ending together with the next one that ends where that is within this share of the time until then, from the
 * beginning: so there are as many ends as the logarithm of that time, however deep the backlog.
 */
const TOGETHER = 0.01;

/**
 * The scheduler as a fluid: all flows that run, and what each gets of a device. Time goes in cycles, in which a row runs at most
 * once; a cycle's device time is shared out as the scheduler does in the long run (class, deadline, weight), and the shares hold
 * until a flow begins or ends.
 *
 * From one end to the next costs O(tenants that run + log flows).
 */
export class Fluid {
  readonly #lanes = new FluidLanes();
  readonly #classes = {
    interactive: new FluidClass(this.#lanes),
    batch: new FluidClass(this.#lanes),
  };
  #begun = 0;
  /** Flows that run, of these those with a deadline, and ours. */
  size = 0;
  due = 0;
  ours = 0;

  add(flow: Flow): void {
    flow.begun = this.#begun++;
    this.#count(flow, 1);
    this.#lanes.add(flow);
    this.#classes[flow.group.priority].add(flow);
  }

  /**
   * Lets time pass until the next end.
   *
   * @param elapsedMs time that has passed since the beginning
   * @returns how long that is, and what ends then or, all but, together with it
   */
  advance(elapsedMs: number): { readonly ms: number; readonly ended: readonly FlowEnd[] } {
    const cycleMs = this.#lanes.cycle();
    let freeMs = cycleMs;
    for (const priority of PRIORITIES) {
      const mine = this.#classes[priority];
      const reserved = priority === "interactive" && this.size > mine.size ? BATCH_SHARE : 0;
      freeMs -= mine.share(Math.max(0, freeMs - reserved * cycleMs));
    }
    const { interactive, batch } = this.#classes;
    const cycles = Math.min(interactive.nextCycles, batch.nextCycles);
    const together = cycles + TOGETHER * (elapsedMs / cycleMs + cycles);
    const ended: FlowEnd[] = [];
    for (const priority of PRIORITIES) {
      this.#classes[priority].advance(cycles, together, (flow, span) => {
        ended.push({ flow, spanMs: span * cycleMs });
        this.#lanes.remove(flow);
        this.#count(flow, -1);
      });
    }
    return { ms: cycles * cycleMs, ended };
  }

  #count(flow: Flow, by: 1 | -1): void {
    this.size += by;
    if (isDue(flow)) this.due += by;
    if (flow.ours) this.ours += by;
  }
}
