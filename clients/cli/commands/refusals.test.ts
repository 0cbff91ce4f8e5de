import { readdir } from "node:fs/promises";
import { join } from "node:path";
import anyTest, { type TestFn } from "ava";
import { failureOf } from "../failure.ts";
import { run as runHere } from "../program.ts";
import { type CommandLine, withCommandLine } from "../testing/command-line.ts";

const test = anyTest as TestFn<CommandLine>;

withCommandLine(test);

/** What the server refuses, in the words of the command line. */
const refusals: readonly (readonly [line: string, code: number, message: RegExp])[] = [
  ["sample --steps 10001", 2, /^--steps: seen 10001, expected an integer from 1 to 10000/],
  ["sample --sampler none", 2, /^--sampler: seen "none", expected a corrector/],
  [
    "sample --sampler sorcery",
    2,
    /^--sampler: seen "sorcery", expected one of .*ancestral.*ode-rk45.*ddim/,
  ],
  [
    "sample --sampler ode-magic",
    2,
    /^--sampler: seen "ode-magic", expected one of .*ode-rk45.*ddim/,
  ],
  ["sample --sampler ddim --eta 2", 2, /^--eta: seen 2, expected a number in \(0, 1\]/],
  ["sample --class 7", 1, /^--class: /],
  ["sample --model other", 2, /^--model: seen "other", expected/],
  ["sample --deadline 1ms --steps 10000", 1, /deadline/],
  ["encode picture.png small.png", 2, /\/small\.png: seen 2 x 2 .*expected 4 x 4/],
  [`encode upload:${"0".repeat(64)}`, 1, /^upload:0+: seen /],
  ["encode mask.png", 2, /\/mask\.png: seen /],
  ["inpaint --image small.png --mask mask.png", 2, /^--image: seen 2 x 2/],
  ["inpaint --image picture.png --mask picture.png", 2, /^--mask: seen /],
  ["upscale picture.png --factor 2", 2, /\/picture\.png: seen 4 x 4 .*expected 2 x 2/],
  ["likelihood picture.png --probes 100000", 2, /^--probes: seen 100000, expected/],
];

for (const [line, code, message] of refusals) {
  test.serial(`exit ${code}: scorestream ${line}`, async (t) => {
    const { folder, server } = t.context;
    const before = await readdir(folder);
    const args = line.split(" ").map((arg) => (arg.endsWith(".png") ? join(folder, arg) : arg));
    const refused = runHere([...args, "--server", server.target]);
    const failure = await refused.then(() => undefined, failureOf);
    t.is(failure?.exitCode, code, failure?.message);
    t.regex(failure?.message ?? "", message);
    t.deepEqual(await readdir(folder), before);
  });
}
