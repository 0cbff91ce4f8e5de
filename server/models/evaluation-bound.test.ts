import { rm } from "node:fs/promises";
import test from "ava";
import { startServer } from "../start.ts";
import { silent, testConfig } from "../testing/config.ts";
import { connectGrpc, listModels } from "../testing/grpc-client.ts";
import { writeThinModels } from "../testing/thin-models.ts";

/** Of the model of 256 x 256 pixels one row takes 4.8 MiB in a run of `score` and 7.5 MiB in one of `jvp`. */
const cases = [
  { mib: 16, models: ["thin-256", "thin-64"], likelihood: true },
  { mib: 6, models: ["thin-256", "thin-64"], likelihood: false },
  { mib: 4, models: ["thin-64"], likelihood: false },
] as const;

test("a graph of which one row needs more than a run may take is not served; the problem names it, the figure and the setting", async (t) => {
  const models = await writeThinModels([64, 256]);
  t.teardown(() => rm(models, { recursive: true }));
  for (const { mib, models: served, likelihood } of cases) {
    const config = testConfig({ models, maxEvaluationMib: mib, maxBatchRows: 4 });
    const server = await startServer(config, silent);
    const client = connectGrpc(server.grpcPort);
    try {
      const told = (await listModels(client)).models;
      t.deepEqual(
        told.map(({ name }) => name),
        served,
      );
      const large = told.find(({ name }) => name === "thin-256");
      t.is(large?.tasks.includes("log-likelihood") ?? false, likelihood, `${mib} MiB`);
      t.deepEqual(
        server.problems,
        served.length === 2
          ? []
          : [
              {
                model: "thin-256",
                message:
                  "graph score of model thin-256: one row takes 4.8 MiB at once beside the weights, expected at most 4 (--max-evaluation-mib)",
              },
            ],
      );
    } finally {
      client.close();
      await server.close({ atOnce: true });
    }
  }
});
