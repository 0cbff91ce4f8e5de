import { FAIR_SHARE } from "./device-schedule.ts";
import { count, type Flow, type Holder, isDue, LEAST_RATE, unitsOf } from "./flow.ts";
import type { FluidLanes } from "./fluid-lanes.ts";
import { Heap } from "./heap.ts";

/**
 * The flows of one priority class that run. Those with the earliest deadlines run in every cycle, as many as there is time
 * for (`urgent`); the next one gets what is left of that time (`marginal`); all others share fairly by tenant. In each
 * of these all flows advance alike, so that a heap knows which ends first.
 */
export class FluidClass {
  readonly #lanes: FluidLanes;
  /** Tenants with flows that run, about in the order of their needs over their weights. */
  readonly #holders: Holder[] = [];
  /** Flows with a deadline, the earliest first; those before `#cut` are urgent. */
  readonly #due: Flow[] = [];
  #cut = 0;
  readonly #urgent = new Heap<Flow>();
  readonly #urgentLoad: number[] = [];
  /** Evaluations that a flow has done that has been urgent from the beginning. */
  #done = 0;
  #marginal: Flow | undefined;
  #marginalRate = 0;
  /** Flows that run. */
  size = 0;

  constructor(lanes: FluidLanes) {
    this.#lanes = lanes;
  }

  /** A flow begins to run; the lanes have it. */
  add(flow: Flow): void {
    this.size++;
    const { holder } = flow;
    if (holder.running++ === 0) this.#holders.push(holder);
    if (!isDue(flow)) {
      this.#enterFair(flow);
      return;
    }
    const place = this.#placeOf(flow);
    this.#due.splice(place, 0, flow);
    if (place >= this.#cut) this.#enterFair(flow);
    else {
      this.#cut++;
      this.#enterUrgent(flow);
    }
  }

  /** Shares out time of a cycle; `advance` is to follow. @returns what is taken of it, in ms */
  share(freeMs: number): number {
    if (this.size === 0) return 0;
    const budgetMs = this.#due.length < this.size ? (1 - FAIR_SHARE) * freeMs : freeMs;
    const urgentMs = this.#cutAt(budgetMs);
    const marginal = this.#due[this.#cut];
    if (marginal !== undefined) this.#leaveFair(marginal);
    const neededMs = marginal === undefined ? 0 : this.#lanes.flowMs(marginal);
    const base = neededMs === 0 ? 0 : Math.min(1, (budgetMs - urgentMs) / neededMs);
    const takenMs = urgentMs + base * neededMs;
    const filledMs = this.#fill(freeMs - takenMs, marginal, (1 - base) * neededMs);
    this.#marginal = marginal;
    const part = marginal?.holder.part ?? 0;
    this.#marginalRate = Math.max(base + (1 - base) * part, LEAST_RATE);
    return takenMs + filledMs;
  }

  /** Until a flow ends, in cycles; Infinity where none runs. */
  get nextCycles(): number {
    let cycles = Number.POSITIVE_INFINITY;
    if (this.#marginal !== undefined) cycles = this.#marginal.left / this.#marginalRate;
    const urgent = this.#urgent.first;
    if (urgent !== undefined) cycles = Math.min(cycles, urgent.key - this.#done);
    for (const holder of this.#holders) {
      const { first } = holder.fair;
      if (first !== undefined) cycles = Math.min(cycles, (first.key - holder.done) / holder.rate);
    }
    return cycles;
  }

  /** Lets some cycles pass. @param ended is told the flows that end within `together` cycles, and in how many */
  advance(cycles: number, together: number, ended: (flow: Flow, cycles: number) => void): void {
    const end = (flow: Flow, span: number): void => {
      this.#forget(flow);
      ended(flow, span);
    };
    for (let { first } = this.#urgent; first !== undefined; { first } = this.#urgent) {
      const span = first.key - this.#done;
      if (span > together) break;
      this.#leaveUrgent(first);
      end(first, span);
    }
    this.#done += cycles;
    // Backwards: a holder whose last flow ends is taken out.
    for (let i = this.#holders.length - 1; i >= 0; i--) {
      const holder = this.#holders[i];
      if (holder === undefined) continue;
      const { fair, rate } = holder;
      for (let { first } = fair; first !== undefined; { first } = fair) {
        const span = (first.key - holder.done) / rate;
        if (span > together) break;
        this.#leaveFair(first);
        end(first, span);
      }
      holder.done += cycles * rate;
    }
    const marginal = this.#marginal;
    if (marginal === undefined) return;
    this.#marginal = undefined;
    const span = marginal.left / this.#marginalRate;
    marginal.left -= cycles * this.#marginalRate;
    if (span <= together) end(marginal, span);
    else this.#enterFair(marginal);
  }

  /** Moves the border between the urgent flows and the others to where their time ends. @returns what they take, in ms */
  #cutAt(budgetMs: number): number {
    let ms = this.#lanes.ms(this.#urgentLoad);
    while (ms > budgetMs) {
      const last = this.#due[this.#cut - 1];
      if (last === undefined) break;
      this.#cut--;
      this.#leaveUrgent(last);
      this.#enterFair(last);
      ms = this.#lanes.ms(this.#urgentLoad);
    }
    for (let next = this.#due[this.#cut]; next !== undefined; next = this.#due[this.#cut]) {
      if (ms + this.#lanes.flowMs(next) > budgetMs) break;
      this.#cut++;
      this.#leaveFair(next);
      this.#enterUrgent(next);
      ms = this.#lanes.ms(this.#urgentLoad);
    }
    return ms;
  }

  /** Water filling: each tenant gets time in proportion to its weight, up to what it needs. @returns what was given */
  #fill(freeMs: number, marginal: Flow | undefined, marginalMs: number): number {
    let weights = 0;
    for (const holder of this.#holders) {
      holder.needMs = this.#lanes.ms(holder.load);
      weights += holder.weight;
    }
    if (marginal !== undefined) marginal.holder.needMs += marginalMs;
    this.#holders.sort((a, b) => a.needMs / a.weight - b.needMs / b.weight);
    let leftMs = freeMs;
    for (const holder of this.#holders) {
      const { needMs, weight } = holder;
      const given = Math.min(needMs, (leftMs * weight) / weights);
      holder.part = needMs === 0 ? 0 : given / needMs;
      leftMs -= given;
      weights -= weight;
    }
    return freeMs - leftMs;
  }

  #enterUrgent(flow: Flow): void {
    flow.key = this.#done + flow.left;
    this.#urgent.add(flow);
    count(this.#urgentLoad, flow, unitsOf(flow));
  }

  #leaveUrgent(flow: Flow): void {
    this.#urgent.remove(flow);
    flow.left = flow.key - this.#done;
    count(this.#urgentLoad, flow, -unitsOf(flow));
  }

  #enterFair(flow: Flow): void {
    const { holder } = flow;
    flow.key = holder.done + flow.left;
    holder.fair.add(flow);
    count(holder.load, flow, unitsOf(flow));
  }

  #leaveFair(flow: Flow): void {
    const { holder } = flow;
    holder.fair.remove(flow);
    flow.left = flow.key - holder.done;
    count(holder.load, flow, -unitsOf(flow));
  }

  /** A flow has ended, and has left those that it advanced with. */
  #forget(flow: Flow): void {
    const { holder } = flow;
    this.size--;
    holder.running--;
    if (holder.running === 0) this.#holders.splice(this.#holders.indexOf(holder), 1);
    if (!isDue(flow)) return;
    const place = this.#placeOf(flow);
    this.#due.splice(place, 1);
    if (place < this.#cut) this.#cut--;
  }

  /** Where a flow is among those with a deadline, or would be: of equal ones those first that began first. */
  #placeOf({ group: { deadlineMs = 0 }, begun }: Flow): number {
    let low = 0;
    let high = this.#due.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#due[middle];
      const otherMs = other?.group.deadlineMs ?? 0;
      const before =
        otherMs < deadlineMs || (otherMs === deadlineMs && (other?.begun ?? 0) < begun);
      if (before) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
