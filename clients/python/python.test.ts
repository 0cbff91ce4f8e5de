import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import anyTest, { type ExecutionContext } from "ava";

/** What `npm run python` ends with where there is no Python that could run the client. */
const UNAVAILABLE = 69;
/** Of one run: it bounds a machine that hangs, not how fast one is. */
const TIMEOUT_MS = 600_000;

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

// Compiled, this file is dist/clients/python/python.test.js.
const script = fileURLToPath(new URL("../../../scripts/python.mjs", import.meta.url));

/** A process group of its own: what a run leaves behind, such as its server, ends with it. */
function python(...args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [script, ...args], {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const overdue = setTimeout(() => endGroup(child), TIMEOUT_MS);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", () => endGroup(child));
    child.on("close", (code) => {
      clearTimeout(overdue);
      resolve({ code, output });
    });
  });
}

function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // Nothing was left behind.
  }
}

const found = await python("--version");
const isPossible = found.code !== UNAVAILABLE;
if (!isPossible) {
  console.log(`The Python client is not tested: ${found.output.trim()}`);
  console.log("With a Python and a package index: npm test -- clients/python/python.test.ts");
}
const test = isPossible ? anyTest.serial : anyTest.serial.skip;

async function passes(t: ExecutionContext, ...args: readonly string[]): Promise<void> {
  t.timeout(TIMEOUT_MS);
  const { code, output } = await python(...args);
  t.is(code, 0, output);
}

test("the package installs", (t) => {
  t.is(found.code, 0, found.output);
});

test("pytest passes against a server that it starts", async (t) => {
  await passes(t, "-m", "pytest", "--color=no", "-p", "no:cacheprovider");
});

test("the types are strict", async (t) => {
  await passes(t, "-m", "mypy", "--no-color-output");
});

test("ruff finds nothing", async (t) => {
  await passes(t, "-m", "ruff", "check", "--no-cache");
  await passes(t, "-m", "ruff", "format", "--check", "--no-cache");
});
