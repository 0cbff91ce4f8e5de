import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import test from "ava";

const main = fileURLToPath(new URL("main.js", import.meta.url));

test("a file of tenants that is wrong ends the server with exit code 2 and what is wrong", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "scorestream-tenants-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const path = join(folder, "tenants.json");
  await writeFile(path, '{"tenants": {"a": {"weight": 0}}}');
  const server = spawn(process.execPath, [main, "--log-level=silent", `--tenants=${path}`]);
  const printed = text(server.stderr);
  const [code] = await once(server, "close");
  t.is(code, 2);
  t.is(await printed, `--tenants: ${path}: tenants.a.weight: seen 0, expected at least 0.001\n`);
});
