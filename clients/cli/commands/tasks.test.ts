import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import anyTest, { type ExecutionContext, type TestFn } from "ava";
import sharp, { type Sharp } from "sharp";
import type { Sampler } from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { connect } from "../../typescript/connect.ts";
import { type SpawnedServer, spawnServer } from "../../typescript/testing/spawn-server.ts";
import { failureOf } from "../failure.ts";
import { readNpy, writeNpy } from "../files/npy.ts";
import { samplerOf } from "../flags/sampler.ts";
import { run as runHere } from "../program.ts";
import { type Ended, events, type RunOptions, scorestream } from "../testing/scorestream.ts";

interface Context {
  readonly folder: string;
  readonly server: SpawnedServer;
  readonly run: (line: string, options?: Partial<RunOptions>) => Promise<Ended>;
}

const test = anyTest as TestFn<Context>;

/** Of the model, gaussian-mixture-vp: RGB of 4 x 4. */
const SIZE = 4;
const MAX_ROWS = 8;
/** Those that take turns; others wait. */
const ACTIVE_ROWS = 4;
/** A long job of one row. */
const LONG = "--steps 10000";
const QUICK = "--sampler ddim --steps 10";

test.before(async (t) => {
  const server = await spawnServer(
    ["gaussian-mixture-vp"],
    [...["--max-rows", String(MAX_ROWS)], ...["--max-active-rows", String(ACTIVE_ROWS)]],
  );
  const folder = await mkdtemp(join(tmpdir(), "cli-"));
  const env = { SCORESTREAM_SERVER: server.target };
  t.context = {
    server,
    folder,
    run: (line, options = {}) => scorestream(line.split(" "), { cwd: folder, env, ...options }),
  };
  await drawing().png().toFile(join(folder, "picture.png"));
  await drawing(24).resize(30, 20).tiff().toFile(join(folder, "photo.tiff"));
  await drawing(8).resize(2, 2).png().toFile(join(folder, "small.png"));
  const left = Uint8Array.from({ length: SIZE * SIZE }, (_, i) => (i % SIZE < 2 ? 255 : 0));
  await sharp(left, { raw: { width: SIZE, height: SIZE, channels: 1 } })
    .toColourspace("b-w")
    .png()
    .toFile(join(folder, "mask.png"));
});

test.after.always(async (t) => {
  t.deepEqual(await t.context.server.stop(), [0, null]);
  await rm(t.context.folder, { recursive: true });
});

/** Levels that differ between neighbours. */
function drawing(side = SIZE): Sharp {
  const values = Uint8Array.from({ length: 3 * side * side }, (_, e) => 16 + ((44 * e) % 224));
  return sharp(values, { raw: { width: side, height: side, channels: 3 } });
}

/** uint8[height, width, 3]. */
async function pixels(t: ExecutionContext<Context>, name: string): Promise<Buffer> {
  return await sharp(join(t.context.folder, name))
    .toColourspace("srgb")
    .removeAlpha()
    .raw()
    .toBuffer();
}

function apart(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((most, value, e) => Math.max(most, Math.abs(value - b[e]!)), 0);
}

function succeeded(t: ExecutionContext<Context>, { code, stderr }: Ended): void {
  t.is(code, 0, stderr);
}

/** The files that a command named on stdout. */
function named({ stdout }: Ended): string[] {
  return stdout.split("\n").filter((line) => line !== "");
}

test.serial("models: a table, one model, and JSON", async (t) => {
  const { run } = t.context;
  const all = await run("models");
  t.regex(
    all.stdout,
    /^model +pictures +process +classes +tasks\ngaussian-mixture-vp +4 x 4 x 3 +vp +- +sample/,
  );
  const one = await run("models gaussian-mixture-vp");
  t.regex(one.stdout, /^samplers +.*ode-rk45.*dpm-solver\+\+2m/m);
  const { models } = JSON.parse((await run("models --json")).stdout);
  t.deepEqual(models[0].shape, { channels: 3, height: SIZE, width: SIZE });
  const none = await run("models other");
  t.is(none.code, 2);
  t.regex(
    none.stderr,
    /^scorestream models: name: seen "other", expected one of gaussian-mixture-vp/,
  );
});

test.serial(
  "every sampler that models lists is one that --sampler takes, and is used",
  async (t) => {
    const client = connect(t.context.server.target);
    t.teardown(() => client.close());
    const { models } = await client.listModels();
    const names = models[0]?.samplers ?? [];
    t.true(names.length > 30, names.join(" "));
    for (const name of names) {
      const cost = name === "ode-rk45" ? { tolerance: 0.1 } : { steps: 2 };
      let used: string | undefined;
      await client
        .sample({ sampler: samplerOf({ sampler: name, ...cost }) })
        .images(({ event }) => {
          if (event?.$case === "completed") used = nameOf(event.value.sampler);
        });
      t.is(used, name);
    }
  },
);

/** What `Model.samplers` calls a sampler. */
function nameOf(sampler: Sampler | undefined): string | undefined {
  const method = sampler?.method;
  switch (method?.$case) {
    case "predictorCorrector": {
      const { predictor, corrector } = method.value;
      return corrector === "none" ? predictor : `${predictor}+${corrector}`;
    }
    case "probabilityFlow":
      return `ode-${method.value.solver}`;
    case "fast":
      return method.value.method;
    case "annealedLangevin":
      return "annealed-langevin";
    case undefined:
      return undefined;
  }
}

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

test.serial("inpaint keeps what the mask knows; stdin may be the picture", async (t) => {
  const { run, folder } = t.context;
  const line = `inpaint --image - --mask mask.png --seed 1 ${QUICK} --out filled.png`;
  succeeded(t, await run(line, { stdin: await readFile(join(folder, "picture.png")) }));
  const [filled, picture] = await Promise.all([pixels(t, "filled.png"), pixels(t, "picture.png")]);
  const known = (values: Buffer): number[] =>
    [...values].filter((_, e) => Math.floor(e / 3) % SIZE < 2);
  t.deepEqual(known(filled), known(picture));
  t.true(apart(filled, picture) > 5);
});

test.serial(
  "colorize keeps the gray of a picture of any kind, brought to the model's size",
  async (t) => {
    const { run } = t.context;
    succeeded(
      t,
      await run(`colorize photo.tiff --resize fill --seed 1 ${QUICK} --out colored.png`),
    );
    succeeded(t, await run(`colorize picture.png --seed 1 ${QUICK} --out own.png`));
    const [own, picture] = await Promise.all([pixels(t, "own.png"), pixels(t, "picture.png")]);
    const gray = (values: Buffer): number[] =>
      Array.from(
        { length: SIZE * SIZE },
        (_, i) => (values[3 * i]! + values[3 * i + 1]! + values[3 * i + 2]!) / 3,
      );
    t.true(apart(gray(own), gray(picture)) <= 1.5);
    t.true(apart(own, picture) > 5);
    const refused = await run("colorize photo.tiff");
    t.is(refused.code, 2);
    t.regex(refused.stderr, /^scorestream colorize: photo\.tiff: seen 30 x 20 .*expected 4 x 4/);
  },
);

test.serial("upscale keeps the averages of blocks, by each factor that fits", async (t) => {
  const { run } = t.context;
  succeeded(t, await run(`upscale small.png --factor 2 --seed 1 ${QUICK} --out large.png`));
  const [large, small] = await Promise.all([pixels(t, "large.png"), pixels(t, "small.png")]);
  const at = (x: number, y: number): number => large[3 * (SIZE * y + x)]!;
  const mean = (at(0, 0) + at(1, 0) + at(0, 1) + at(1, 1)) / 4;
  t.true(Math.abs(mean - small[0]!) <= 1, `${mean} ${small[0]}`);
  const wrong = await run("upscale small.png --factor 3");
  t.is(wrong.code, 2);
  t.regex(wrong.stderr, /--factor: seen "3", expected one of 2, 4, 8/);
});

test.serial(
  "encode, decode and interpolate: there and back by .npy, raw and stacked files",
  async (t) => {
    const { run, folder } = t.context;
    succeeded(
      t,
      await run("sample --count 2 --seed 3 --sampler ddim --steps 20 --out s-{row}.png"),
    );
    const encoded = await run("encode s-0.png s-1.png");
    t.deepEqual(named(encoded).sort(), ["s-0.npy", "s-1.npy"]);
    t.deepEqual(readNpy(await readFile(join(folder, "s-0.npy"))).shape, [3, SIZE, SIZE]);
    succeeded(t, await run("encode s-0.png s-1.png --out stacked.npy"));
    succeeded(t, await run("decode stacked.npy --out d-{row}.png"));
    succeeded(t, await run("encode s-0.png --format raw --out ./"));
    succeeded(t, await run("decode s-0.f32 --shape 3,4,4 --out raw.png"));
    succeeded(t, await run("interpolate s-0.npy s-1.npy --frames 3 --out i-{row}.png"));
    succeeded(t, await run("interpolate s-0.png s-1.png --frames 3 --out j-{row}.png"));
    const [s0, s1] = await Promise.all([pixels(t, "s-0.png"), pixels(t, "s-1.png")]);
    for (const name of ["d-0.png", "raw.png", "i-0.png", "j-0.png"])
      t.true(apart(await pixels(t, name), s0) <= 1, name);
    for (const name of ["d-1.png", "i-2.png", "j-2.png"])
      t.true(apart(await pixels(t, name), s1) <= 1, name);
    t.true(apart(await pixels(t, "i-1.png"), s0) > 2);
    // A name of the file's own is neither a pattern nor a replacement.
    await copyFile(join(t.context.folder, "s-0.png"), join(t.context.folder, "$&{seed}.png"));
    t.deepEqual(named(await run("encode $&{seed}.png")), ["$&{seed}.npy"]);
    const mixed = await run("interpolate s-0.npy s-1.png");
    t.is(mixed.code, 2);
    t.regex(mixed.stderr, /seen a picture and a latent, expected two of the same/);
  },
);

test.serial("what is too large for a request is uploaded", async (t) => {
  const { run, folder } = t.context;
  // Noise does not compress: 5 MiB, more than a request may have.
  let state = 1;
  const values = Uint8Array.from({ length: 3 * 1340 * 1340 }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
  const raw = { width: 1340, height: 1340, channels: 3 } as const;
  await sharp(values, { raw }).png({ compressionLevel: 0 }).toFile(join(folder, "large-file.png"));
  await writeFile(join(folder, "no-picture.png"), values);
  const refused = await run("encode no-picture.png");
  t.is(refused.code, 2);
  t.regex(refused.stderr, /no-picture\.png: seen no known picture format, expected a PNG/);
  succeeded(
    t,
    await run("encode large-file.png --resize fill --solver euler --steps 2 --tenant a"),
  );
  const shape = [400, 3, SIZE, SIZE];
  const count = 400 * 3 * SIZE * SIZE;
  await writeFile(join(folder, "many.npy"), writeNpy({ shape, values: new Float32Array(count) }));
  const many = await run("decode many.npy --json");
  t.is(events(many.stdout).at(-1)?.code, "too-large", many.stdout);
});

test.serial("likelihood: a line a picture, and JSON with what it depends on", async (t) => {
  const { run } = t.context;
  const quick = "--solver heun --steps 20 --seed 1";
  const { stdout } = await run(`likelihood s-0.png s-1.png ${quick} --dequantizations 2`);
  t.is(named({ stdout } as Ended).length, 2);
  t.regex(stdout, /^-?\d+\.\d{3} ± \d+\.\d{3} bits\/dim {2}s-\d\.png$/m);
  const told = events((await run(`likelihood s-0.png ${quick} --json`)).stdout);
  const result = told.find(({ event }) => event === "result");
  t.is(result?.input, "s-0.png");
  t.true(Number.isFinite(result?.bitsPerDim as number));
  t.like(told.at(-1), {
    event: "completed",
    likelihood: { probe: "rademacher", dequantizations: 1 },
  });
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

test.serial("--detach leaves a job that watch follows and cancel ends", async (t) => {
  const { run } = t.context;
  const { stdout: id } = await run(`sample --count 2 --seed 7 ${QUICK} --detach`);
  const watched = await run(`watch ${id.trim()} --out w-{row}.png`);
  succeeded(t, watched);
  t.deepEqual(named(watched).sort(), ["w-0.png", "w-1.png"]);
  t.deepEqual(await pixels(t, "w-0.png"), await pixels(t, "sample-7-0.png"));
  t.is((await run(`cancel ${id.trim()}`)).stdout, "it had already ended\n");
  const { stdout: long } = await run(`sample ${LONG} --detach`);
  t.deepEqual(JSON.parse((await run(`cancel ${long.trim()} --json`)).stdout), {
    job: long.trim(),
    cancelled: true,
  });
  const gone = await run(`watch ${long.trim()}`);
  t.is(gone.code, 1);
  t.regex(gone.stderr, /^scorestream watch: .*cancelled/);
  const unknown = await run("watch nobody --json");
  t.like(events(unknown.stdout).at(-1), { event: "error", code: "job-not-found", about: "job" });
});

test.serial(
  "Ctrl-C ends the job, over gRPC and the WebSocket, and the exit code is 130",
  async (t) => {
    const { run, server } = t.context;
    for (const address of [server.target, server.http.replace("http", "ws")]) {
      let job = "";
      const { code, stderr } = await run(`sample ${LONG} --json --server ${address}`, {
        onStdout: (child, text) => {
          if (job !== "") return;
          job = String(events(text.slice(0, text.lastIndexOf("\n") + 1))[0]?.job ?? "");
          if (job !== "") child.kill("SIGINT");
        },
      });
      t.is(code, 130);
      t.is(stderr, "scorestream sample: interrupted: the job was cancelled\n");
      const watched = await run(`watch ${job} --json`);
      t.is(events(watched.stdout).at(-1)?.code, "cancelled");
    }
  },
);

test.serial("a job that waits says how many rows go first", async (t) => {
  const { run } = t.context;
  const { stdout: first } = await run(`sample --count ${ACTIVE_ROWS} ${LONG} --detach`);
  let queued: Record<string, unknown> | undefined;
  const { code } = await run("sample --json", {
    onStdout: (child, text) => {
      if (queued !== undefined) return;
      const told = events(text.slice(0, text.lastIndexOf("\n") + 1));
      queued = told.find(({ event }) => event === "queued");
      if (queued !== undefined) child.kill("SIGINT");
    },
  });
  t.is(code, 130);
  t.is(typeof queued?.rowsAhead, "number");
  t.true((queued?.expectedWaitS as number) > 0);
  await run(`cancel ${first.trim()}`);
});

test.serial("a signal that ends watch leaves the job", async (t) => {
  const { run } = t.context;
  const { stdout } = await run(`sample ${LONG} --detach`);
  const job = stdout.trim();
  let isTold = false;
  const { code, stderr } = await run(`watch ${job} --json`, {
    onStdout: (child) => {
      if (!isTold) child.kill("SIGTERM");
      isTold = true;
    },
  });
  t.is(code, 143);
  t.true(stderr.includes(`${job} goes on`), stderr);
  t.is((await run(`cancel ${job}`)).stdout, "cancelled\n");
});

test.serial("the WebSocket does as well, and a full server is exit code 4", async (t) => {
  const { run, server } = t.context;
  const socket = { SCORESTREAM_SERVER: server.http.replace("http", "ws") };
  const { stdout } = await run(`sample --count ${MAX_ROWS} ${LONG} --detach`, { env: socket });
  const full = await run("sample --json", { env: socket });
  t.is(full.code, 4);
  const error = events(full.stdout).at(-1);
  t.like(error, { event: "error", exitCode: 4, code: "queue-full" });
  t.true((error?.retryAfterS as number) > 0);
  t.regex(full.stderr, /try again in \d+ s/);
  t.is((await run(`cancel ${stdout.trim()}`, { env: socket })).code, 0);
  succeeded(t, await run(`sample --seed 7 ${QUICK} --out socket.png`, { env: socket }));
  t.deepEqual(await pixels(t, "socket.png"), await pixels(t, "sample-7-0.png"));
});

/** What the server refuses, in the words of the command line. */
const refusals: readonly (readonly [line: string, code: number, message: RegExp])[] = [
  ["sample --steps 10001", 2, /^--steps: seen 10001, expected an integer from 1 to 10000/],
  ["sample --sampler none", 2, /^--sampler: seen "none", expected a corrector/],
  ["sample --sampler sorcery", 2, /^--sampler: seen "sorcery", expected one of .*"ddim"/],
  ["sample --sampler ode-magic", 2, /^--sampler: seen "magic", expected one of .*"rk45"/],
  ["sample --sampler ddim --eta 2", 2, /^--eta: seen 2, expected a number in \(0, 1\]/],
  ["sample --class 7", 1, /^--class: /],
  ["sample --model other", 2, /^--model: seen "other", expected/],
  ["sample --deadline 1ms --steps 10000", 1, /deadline/],
  ["encode picture.png small.png", 2, /\/small\.png: seen 2 x 2 .*expected 4 x 4/],
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
