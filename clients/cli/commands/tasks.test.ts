import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import anyTest, { type TestFn } from "ava";
import sharp from "sharp";
import { readNpy, writeNpy } from "../files/npy.ts";
import {
  type CommandLine,
  named,
  pixels,
  QUICK,
  SIZE,
  succeeded,
  withCommandLine,
} from "../testing/command-line.ts";
import { type Ended, events } from "../testing/scorestream.ts";

const test = anyTest as TestFn<CommandLine>;

withCommandLine(test);

function apart(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((most, value, e) => Math.max(most, Math.abs(value - b[e]!)), 0);
}

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

test.serial("upload: what it prints is a picture, or a latent, of later commands", async (t) => {
  const { run } = t.context;
  const stored = await run("upload s-0.png s-0.npy s-0.f32");
  succeeded(t, stored);
  const [picture = "", latent, raw] = named(stored);
  t.regex(picture, /^upload:[0-9a-f]{64}$/);
  t.is(latent, raw, "the same numbers");
  succeeded(t, await run(`encode ${picture} --out from-upload.npy`));
  succeeded(t, await run(`decode ${latent} --out from-upload.png`));
  const [s0, again] = await Promise.all([pixels(t, "s-0.png"), pixels(t, "from-upload.png")]);
  t.true(apart(again, s0) <= 1);
  const files = ["s-0.npy", "from-upload.npy"].map((name) =>
    readFile(join(t.context.folder, name)),
  );
  const [own, uploaded] = await Promise.all(files);
  t.deepEqual(uploaded, own);
  const told = JSON.parse((await run("upload s-0.png --json --tenant a")).stdout);
  t.like(told, { file: "s-0.png", upload: picture });
  t.true(told.expiresInS > 0);
});

test.serial("a file's name with control characters is shown, not obeyed", async (t) => {
  const { run, folder } = t.context;
  const name = "\u001b[31m.png";
  await copyFile(join(folder, "s-0.png"), join(folder, name));
  const { stdout } = await run(`likelihood ${name} --solver heun --steps 2 --seed 1`);
  t.regex(stdout, / bits\/dim {2}\\u001b\[31m\.png\n$/);
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
