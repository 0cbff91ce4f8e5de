import anyTest, { type ExecutionContext } from "ava";
import { python, TIMEOUT_MS, UNAVAILABLE } from "./testing/python.ts";

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
