import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { JobOptions, type SampleRequest } from "../proto/gen/scorestream/v1/scorestream.ts";
import { connectClients, ENDLESS, sampleRequest } from "./testing/clients.ts";
import { startService } from "./testing/start-service.ts";

function of(tenant: string, request: SampleRequest): SampleRequest {
  return { ...request, options: JobOptions.fromPartial({ ...request.options, tenant }) };
}

test("a tenant over its bound of predicted work is refused on both front ends; another one is served", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "scorestream-tenants-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const tenants = join(folder, "tenants.json");
  const file = { tenants: { small: { maxBacklogS: 0.001 } } };
  await writeFile(tenants, JSON.stringify(file));
  const server = await startService({ threads: 1, tenants });
  t.teardown(() => server.close());
  for (const client of await connectClients(server)) {
    t.teardown(() => client.close());
    const first = await client.sample(of("small", ENDLESS));
    t.not(first.jobId, "", client.name);
    const refused = await (await client.sample(of("small", ENDLESS))).ended;
    t.is(refused.code, "queue-full", client.name);
    t.regex(
      refused.message,
      /^the queue is full: [\d.]+ of 0\.001 s of predicted work of tenant "small" are taken and the job asks for [\d.]+ \(--tenant-backlog-s or --tenants\)$/,
    );
    t.true((refused.retryAfterMs ?? 0) >= 100, client.name);
    const other = await (await client.sample(of("large", sampleRequest(5)))).ended;
    t.is(other.code, "", client.name);
    t.is(other.pictures.length, 2);
    await client.cancel(first.jobId);
    t.is((await first.ended).code, "cancelled");
  }
});
