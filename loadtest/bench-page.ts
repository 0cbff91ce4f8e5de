/**
 * How smooth the page stays while many samples emerge at once: the time between two frames in a browser, while it shows 200
 * samples of a running server with a preview of each about ten times a second, and before that, in the same page, while
 * nothing happens. `npm run bench:page`.
 */
import { parseArgs } from "node:util";
import { findChromium, launchChromium, NO_CHROMIUM } from "../clients/web/testing/chromium.ts";
import { frameTimes } from "../clients/web/testing/frame-times.ts";
import { choose } from "../clients/web/testing/open-page.ts";
import { machine } from "./machine.ts";
import { spawnServer } from "./spawn.ts";

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "200" },
    steps: { type: "string", default: "20" },
    "idle-s": { type: "string", default: "5" },
  },
});

/** @throws RangeError where there are no values */
function percentile(numbers: readonly number[], part: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const found = sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
  if (found === undefined) throw new RangeError("no values to take a percentile of");
  return found;
}

const executable = findChromium();
if (executable === undefined) throw new Error(NO_CHROMIUM);
const server = await spawnServer(["--log-level", "error", "--max-active-rows", values.count]);
const browser = await launchChromium(executable);
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  page.setDefaultTimeout(600_000);
  await page.goto(server.http);
  await page.getByText("Connected").waitFor();
  const idle = await frameTimes(page, "idle", 1000 * Number(values["idle-s"]));
  await choose(page, {
    sampler: "dpm-solver++2m",
    steps: values.steps,
    count: values.count,
    seed: "1",
  });
  await page.locator("#submit").click();
  await page.locator(".tile").first().waitFor();
  const busy = await frameTimes(page, "done", 0);
  const status = await page.locator(".job-status").first().innerText();
  console.log(`${busy.length} frames while ${values.count} samples emerged: ${status}`);
  const rounded = (ms: number): number => Math.round(10 * ms) / 10;
  console.log(
    JSON.stringify({
      benchmark: "page",
      samples: Number(values.count),
      frameP95Ms: rounded(percentile(busy, 0.95)),
      frameP50Ms: rounded(percentile(busy, 0.5)),
      frameMaxMs: rounded(Math.max(...busy)),
      idleFrameP95Ms: rounded(percentile(idle, 0.95)),
      machine: machine(),
    }),
  );
} finally {
  await browser.close();
  await server.stop();
}
