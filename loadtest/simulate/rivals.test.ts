import test from "ava";
import { simulateRivals } from "./rivals.ts";

test("at 80 % load of one CPU previews come far sooner than by requests, totals no later, and short jobs gain most", (t) => {
  for (const seed of [1, 2]) {
    const { ours, requests } = simulateRivals(0.8, 1_200_000, seed);
    const ratio = (kind: string, figure: "firstStepP95Ms" | "totalP95Ms"): number =>
      (requests[kind]?.[figure] ?? 0) / (ours[kind]?.[figure] ?? 0);
    t.true(ratio("all", "firstStepP95Ms") > 8, `${ratio("all", "firstStepP95Ms")}`);
    for (const kind of ["all", "quick", "several", "class", "inpainted"]) {
      t.true(ratio(kind, "totalP95Ms") > 1, `${kind}: ${ratio(kind, "totalP95Ms")}`);
    }
  }
});
