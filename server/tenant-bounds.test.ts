import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { JobOptions, type SampleRequest } from "../proto/gen/scorestream/v1/scorestream.ts";
import { connectClients, ENDLESS, sampleRequest } from "./testing/clients.ts";
import { startService } from "./testing/start-service.ts";

function of(tenant: string, request: SampleRequest): SampleRequest {
  return { ...request, options: JobOptions.fromPartial({ ...request.options, tenant }) };
}

/** A file of tenants that the test may write in. */
async function fileOf(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "scorestream-tenants-"));
  t.teardown(() => rm(folder, { recursive: true }));
  return join(folder, "tenants.json");
}

test("a tenant over its bound of predicted work is refused on both front ends; another one is served", async (t) => {
  const tenants = await fileOf(t);
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

test("a reload reads the tenants again; a wrong file leaves what was read before in force", async (t) => {
  const tenants = await fileOf(t);
  const write = (maxRows: unknown): Promise<void> =>
    writeFile(tenants, JSON.stringify({ tenants: { small: { maxRows } } }));
  await write(1);
  const server = await startService({ threads: 1, tenants });
  t.teardown(() => server.close());
  const [client] = await connectClients(server);
  if (client === undefined) throw new Error("no client");
  t.teardown(() => client.close());
  const code = async (count: number): Promise<string> =>
    (await (await client.sample(of("small", sampleRequest(2, count)))).ended).code;
  t.is(await code(2), "too-large");
  await write(2);
  t.is(await code(2), "too-large", "the file was read before the reload");
  await server.reload();
  t.is(await code(2), "");
  await write("many");
  const [problem] = (await server.reload()).problems;
  t.is(problem?.file, tenants);
  t.regex(problem?.message ?? "", /: tenants\.small\.maxRows: seen "many", expected a number$/);
  t.is(await code(2), "");
  t.is(await code(3), "too-large");
  await rm(tenants);
  t.regex((await server.reload()).problems[0]?.message ?? "", /ENOENT/);
  t.is(await code(3), "too-large");
});
