import type { WorkerAnswer, WorkerSetup, WorkerTask } from "../../worker/protocol.ts";

/** One worker from its start to its end, whatever it runs in. */
export interface Carrier {
  send(task: WorkerTask): void;
  /** Ends it, whatever it is doing; `gone` tells when it has ended. */
  end(): void;
}

/** What a carrier tells. Nothing after `gone`. */
export interface CarrierEvents {
  readonly ready: () => void;
  /** Of the earliest task that has had none; its rows' backs are in the slab. */
  readonly reply: (answer: WorkerAnswer) => void;
  /** It has ended, asked to or not, and touches no register from now on. */
  readonly gone: (reason: string) => void;
}

export interface CarrierOptions {
  /** The compiled file that a worker runs. */
  readonly file: URL;
  readonly slab: SharedArrayBuffer;
  readonly setup: WorkerSetup;
  /** Heap of its JavaScript, in MiB: one that needs more ends. */
  readonly maxHeapMib: number;
  /** Drops what a process prints. */
  readonly quiet: boolean;
}

export type StartCarrier = (options: CarrierOptions, events: CarrierEvents) => Carrier;
