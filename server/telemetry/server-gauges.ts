import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import type { Attributes, Meter } from "@opentelemetry/api";
import type { EngineLoad } from "../engine/engine.ts";

/** What is read when somebody asks, and costs nothing until then. */
export interface Gauged {
  readonly load: EngineLoad;
  /** In ms. */
  readonly oldestWaitMs: number;
  readonly slabBytes: number;
  readonly uploadBytes: number;
  readonly ready: boolean;
  readonly devicesOut: number;
  readonly sockets: number;
}

/** @returns stops the sampling of the event loop's delay */
export function serverGauges(meter: Meter, read: () => Gauged): () => void {
  const gauge = (
    name: string,
    description: string,
    unit: string,
    values: (now: Gauged) => readonly (readonly [value: number, attributes?: Attributes])[],
  ): void => {
    meter.createObservableGauge(name, { description, unit }).addCallback((result) => {
      for (const [value, attributes] of values(read())) result.observe(value, attributes);
    });
  };
  const state = (name: string): Attributes => ({ "scorestream.row.state": name });
  gauge("scorestream.jobs", "Jobs that have not ended", "{job}", ({ load }) => [[load.jobs]]);
  gauge("scorestream.rows", "Rows by whether they have registers", "{row}", ({ load }) => [
    [load.active, state("active")],
    [load.waiting, state("waiting")],
    [load.leaving, state("leaving")],
  ]);
  gauge(
    "scorestream.queue.age",
    "How long the oldest job without registers has waited",
    "s",
    ({ oldestWaitMs }) => [[oldestWaitMs / 1000]],
  );
  gauge("scorestream.slab.usage", "Memory of registers that is taken", "By", ({ load }) => [
    [4 * load.slabElements],
  ]);
  gauge("scorestream.slab.limit", "Memory for registers", "By", ({ slabBytes }) => [[slabBytes]]);
  gauge("scorestream.uploads.usage", "Memory that uploads have taken", "By", ({ uploadBytes }) => [
    [uploadBytes],
  ]);
  gauge("scorestream.ready", "1 while requests are served", "1", ({ ready }) => [[ready ? 1 : 0]]);
  gauge("scorestream.devices.out", "Devices that were taken out", "{device}", (now) => [
    [now.devicesOut],
  ]);
  gauge("scorestream.websocket.connections", "Open WebSockets", "{connection}", ({ sockets }) => [
    [sockets],
  ]);
  gauge("process.memory.usage", "Resident memory of the process", "By", () => [
    [process.memoryUsage.rss()],
  ]);

  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  let since = performance.eventLoopUtilization();
  gauge("nodejs.eventloop.delay.p99", "Delay of the event loop since it was last read", "s", () => {
    const p99 = delay.percentile(99) / 1e9;
    delay.reset();
    return [[p99]];
  });
  gauge(
    "nodejs.eventloop.utilization",
    "Share of the time that the event loop was busy",
    "1",
    () => {
      const { utilization } = performance.eventLoopUtilization(since);
      since = performance.eventLoopUtilization();
      return [[utilization]];
    },
  );
  return () => delay.disable();
}
