import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import test from "ava";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

const MODEL = "gaussian-mixture-vp";

/** A load that would go on for an hour, on a server that says that it is there. @param models what it serves */
const scenario = (models: string) => ({
  name: "an hour",
  serverFlags: ["--log-level", "info", "--models", models],
  settle: false,
  arrivals: [{ process: "poisson", rate: 5, seconds: 3600 }],
  tasks: [{ name: "mixture", request: { sample: { model: MODEL } } }],
});

/** The programs that a benchmark starts have its stderr, which is at its end when the last of them has ended. */
for (const [signal, code] of [
  ["SIGTERM", 143],
  ["SIGINT", 130],
] as const) {
  test(`a benchmark that gets ${signal} leaves no process behind`, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "scorestream-loadtest-"));
    // One model: those that are not served take no time.
    const models = join(folder, "models");
    await mkdir(models);
    await symlink(`${ROOT}models/${MODEL}`, join(models, MODEL));
    const path = join(folder, "hour.yaml");
    await writeFile(path, JSON.stringify(scenario(models)));
    const program = join(ROOT, "dist/loadtest/open-loop/main.js");
    const benchmark = spawn(process.execPath, [program, path], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    const over = once(benchmark, "close");
    let serverPid = 0;
    t.teardown(async () => {
      benchmark.kill("SIGKILL");
      if (!benchmark.stderr.closed && serverPid > 0) process.kill(serverPid, "SIGKILL");
      await rm(folder, { recursive: true });
    });
    for await (const line of createInterface({ input: benchmark.stderr })) {
      if (line.startsWith("{")) serverPid = (JSON.parse(line) as { readonly pid: number }).pid;
      // The generator sends.
      if (/^\d+ s: /.test(line)) break;
    }
    t.true(serverPid > 0);
    benchmark.kill(signal);
    benchmark.stderr.resume();
    t.deepEqual(await over, [code, null]);
  });
}
