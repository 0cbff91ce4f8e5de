import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { createTask } from "./task.ts";
import { source } from "./testing.ts";

test("a graph that was released is loaded from its file again, others are not", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "scorestream-release-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const task = createTask({ predecessors: 0 });
  const graphs = ["one", "two"].map((key) => ({ ...source, key, path: join(folder, key) }));
  const run = async (key: string) => {
    const graph = graphs.find((each) => each.key === key) ?? source;
    const call = { kind: "profile", source: graph, batchSizes: [1, 2], enoughMs: 1e4 } as const;
    const message = await task({ task: call });
    return message.kind === "reply" && message.answer.ok;
  };
  for (const { path } of graphs) await copyFile(source.path, path);
  for (const { key } of graphs) t.true(await run(key));
  for (const { path } of graphs) await rm(path);
  for (const { key } of graphs) t.true(await run(key), "its session was lost");

  const { kind } = await task({ task: { kind: "release", keys: ["one", "never loaded"] } });
  t.is(kind, "reply");
  t.deepEqual([await run("one"), await run("two")], [false, true]);
  await copyFile(source.path, join(folder, "one"));
  t.true(await run("one"));
});
