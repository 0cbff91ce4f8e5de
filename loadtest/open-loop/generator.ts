/** A process of the generator: it is sent its share of a scenario, and sends back what it saw. */
import { faster } from "./faster.ts";
import { readScenario } from "./read-scenario.ts";
import type { Second } from "./second.ts";
import { type Share, send } from "./sender.ts";
import { shorter } from "./shorter.ts";
import type { EncodedTally } from "./tally.ts";

/** What the parent sends. */
export type ToGenerator =
  | { readonly kind: "begin"; readonly scenario: string; readonly share: Share }
  | { readonly kind: "stop" };

/** What it sends back. */
export type FromGenerator =
  | { readonly kind: "up" }
  | { readonly kind: "second"; readonly second: Second }
  | { readonly kind: "done"; readonly tallies: readonly EncodedTally[] }
  | { readonly kind: "failed"; readonly message: string };

const stop = new AbortController();

function tell(message: FromGenerator): void {
  process.send?.(message);
}

process.on("message", (message: ToGenerator) => {
  if (message.kind === "stop") stop.abort();
  else run(message.scenario, message.share).catch(fail);
});
// Without the parent there is nobody to send for.
process.on("disconnect", () => process.exit(1));
tell({ kind: "up" });

function fail(error: unknown): void {
  tell({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
}

async function run(path: string, share: Share): Promise<void> {
  const read = await readScenario(path);
  const part = share.firstS === undefined ? read : shorter(read, share.firstS);
  const scenario = faster(part, share.factor);
  const tallies = await send(scenario, share, stop.signal, (second) =>
    tell({ kind: "second", second }),
  );
  tell({ kind: "done", tallies: tallies.map((tally) => tally.encoded()) });
}
