import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import anyTest, { type TestFn } from "ava";
import sharp from "sharp";
import { readNpy } from "../files/npy.ts";
import {
  type CommandLine,
  named,
  QUICK,
  SIZE,
  succeeded,
  withCommandLine,
} from "../testing/command-line.ts";
import { events } from "../testing/scorestream.ts";

const test = anyTest as TestFn<CommandLine>;

withCommandLine(test);

test.serial("sample: a seed is a picture; names, formats and stdout", async (t) => {
  const { run, folder } = t.context;
  const first = await run(`sample --count 2 --seed 7 ${QUICK}`);
  succeeded(t, first);
  t.deepEqual(named(first).sort(), ["sample-7-0.png", "sample-7-1.png"]);
  t.regex(first.stderr, /^seed 7, 20 evaluations in /);
  const again = await run(`sample --seed 7 ${QUICK} --out - --quiet`);
  t.is(again.stderr, "");
  t.deepEqual(again.bytes, await readFile(join(folder, "sample-7-0.png")));
  succeeded(t, await run(`sample --seed 7 ${QUICK} --out new/{seed}.webp`));
  t.is((await sharp(join(folder, "new/7.webp")).metadata()).format, "webp");
  succeeded(t, await run(`sample --count 2 --seed 7 ${QUICK} --out both.npy`));
  t.deepEqual(readNpy(await readFile(join(folder, "both.npy"))).shape, [2, 3, SIZE, SIZE]);
  const [random, other] = [await run(`sample ${QUICK}`), await run(`sample ${QUICK}`)];
  t.notDeepEqual(named(random), named(other));
});

test.serial("a file that exists stays, and nothing is asked, unless --force says so", async (t) => {
  const { run, folder } = t.context;
  await writeFile(join(folder, "mine-1.png"), "mine");
  const kept = await run(`sample --count 2 ${QUICK} --out mine-{row}.png`);
  t.is(kept.code, 1);
  t.regex(kept.stderr, /^scorestream sample: mine-1\.png exists: --force overwrites it/);
  t.is(await readFile(join(folder, "mine-1.png"), "utf8"), "mine");
  t.false((await readdir(folder)).includes("mine-0.png"));
  succeeded(t, await run(`sample --count 2 ${QUICK} --out mine-{row}.png --force`));
  t.is((await sharp(join(folder, "mine-1.png")).metadata()).width, SIZE);
});

test.serial("--json: accepted, results and completed, an object a line", async (t) => {
  const { run } = t.context;
  const { code, stdout, stderr } = await run(
    `sample --count 3 --seed 18446744073709551615 ${QUICK} --json`,
  );
  t.deepEqual([code, stderr], [0, ""]);
  const told = events(stdout);
  const job = told[0]?.job;
  t.like(told[0], { event: "accepted", rows: 3, expectedEvaluations: 10 });
  const files = told.filter(({ event }) => event === "result").map(({ file }) => file);
  t.deepEqual(
    files.sort(),
    [0, 1, 2].map((row) => `sample-18446744073709551615-${row}.png`),
  );
  t.like(told.at(-1), { event: "completed", job, seed: "18446744073709551615", evaluations: 30 });
  t.like(told.at(-1)?.sampler, { fast: { method: "ddim", steps: 10, timeGrid: "log-snr" } });
});
