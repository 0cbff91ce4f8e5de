import { fileURLToPath } from "node:url";
import test from "ava";
import { overWebSocket, perQueuedJob } from "./queued-jobs.ts";

const MODELS = fileURLToPath(new URL("../../../models", import.meta.url));

/** What is asked of the server, in bytes. */
const MOST = 8 * 1024;

/** Live bytes are nearly the same in every run; what is resident is npm run bench:memory's to say. */
test("a job that waits holds little", async (t) => {
  t.timeout(300_000); // a server and hundreds of jobs, maybe beside other tests
  const flags = ["--log-level", "warn", "--models", MODELS];
  const { heapUsed, external } = await perQueuedJob(600, { address: overWebSocket, flags });
  t.true(heapUsed + external < MOST, `${heapUsed} bytes of heap, ${external} outside`);
});
