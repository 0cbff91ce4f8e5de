import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { readScenario } from "./read-scenario.ts";
import { ScenarioError } from "./scenario-error.ts";

const GOOD = `
name: good
arrivals: [{ process: poisson, rate: 2, seconds: 3 }]
tasks:
  - name: a
    request: { sample: { model: m, count: 2, sampler: { fast: { method: ddim, steps: 5 } } } }
`;

async function read(text: string, files: Readonly<Record<string, string>> = {}) {
  const folder = await mkdtemp(join(tmpdir(), "scenario-"));
  try {
    await writeFile(join(folder, "s.yaml"), text);
    for (const [name, content] of Object.entries(files))
      await writeFile(join(folder, name), content);
    return await readScenario(join(folder, "s.yaml"));
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("defaults are filled in, and requests are the contract's", async (t) => {
  const { tasks, settle, maxInFlight } = await read(GOOD);
  t.like(tasks[0], { weight: 1, transport: "grpc", seedVaries: true, cancelShare: 0 });
  t.is(tasks[0]?.request.$case, "sample");
  t.deepEqual(settle, { windowS: 5, windows: 4, within: 0.15 });
  t.is(maxInFlight, 10_000);
});

test("a file's bytes stand where it is named; a seed of the scenario's own is kept", async (t) => {
  const text = `${GOOD}  - name: b
    request: { encode: { images: [{ data: !file x.png }] } }
  - name: c
    request: { sample: { seed: "5" } }
`;
  const { tasks } = await read(text, { "x.png": "bytes" });
  const request = tasks[1]?.request;
  if (request?.$case !== "encode") return t.fail();
  t.deepEqual(request.value.images[0]?.source, { $case: "data", value: Buffer.from("bytes") });
  t.is(tasks[2]?.seedVaries, false);
});

test("the scenarios that come with the project can be read", async (t) => {
  const folder = new URL("../../../loadtest/scenarios/", import.meta.url);
  for (const name of ["quick", "mixed", "bursts"]) {
    t.is((await readScenario(new URL(`${name}.yaml`, folder).pathname)).name, name);
  }
});

const BAD: readonly (readonly [string, string, RegExp])[] = [
  ["no YAML", "a: [", /s\.yaml: /],
  [
    "a rate below 0",
    GOOD.replace("rate: 2", "rate: -2"),
    /arrivals\[0\]\.rate: seen -2, expected more than 0/,
  ],
  ["an unknown process", GOOD.replace("poisson", "weibull"), /arrivals\[0\]\.process/],
  ["an unknown field", `${GOOD}colour: red`, /colour/],
  [
    "a share over 1",
    GOOD.replace("name: a", "name: a\n    cancelShare: 2"),
    /tasks\[0\]\.cancelShare/,
  ],
  [
    "no request",
    GOOD.replace(/sample: .*/, "cancel: {} }"),
    /tasks\[0\]\.request: seen cancel, expected one of sample/,
  ],
  ["a request's typo", GOOD.replace("count", "cuont"), /tasks\[0\]\.request: cuont/],
  [
    "a file that is not there",
    GOOD.replace("model: m", "model: !file none.png"),
    /!file none\.png: ENOENT/,
  ],
  [
    "two tasks of a name",
    `${GOOD}  - { name: a, request: { sample: {} } }`,
    /seen two of the name a/,
  ],
];

for (const [name, text, expected] of BAD) {
  test(`refused: ${name}`, async (t) => {
    await t.throwsAsync(read(text), { instanceOf: ScenarioError, message: expected });
  });
}

const TRACES: readonly (readonly [string, string, RegExp])[] = [
  ["no number", "0\nx", /line 2: seen x, expected seconds/],
  ["an unknown task", "0,z", /line 1: seen the task z, expected one of a/],
  ["nothing", "# only words", /seen no arrival/],
];

for (const [name, trace, expected] of TRACES) {
  test(`a trace refused: ${name}`, async (t) => {
    const text = GOOD.replace(
      "process: poisson, rate: 2, seconds: 3",
      "process: replay, file: x.csv",
    );
    await t.throwsAsync(read(text, { "x.csv": trace }), { message: expected });
  });
}
