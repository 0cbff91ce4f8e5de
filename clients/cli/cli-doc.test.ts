import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import anyTest, { type TestFn } from "ava";
import sharp from "sharp";
import { repositoryPath } from "../typescript/testing/spawn-server.ts";
import { COMMANDS } from "./commands.ts";
import { readNpy } from "./files/npy.ts";
import { installProgram } from "./testing/scorestream.ts";

const run = promisify(execFile);
const doc = await readFile(repositoryPath("docs/cli.md"), "utf8");
const [serve = "", ...blocks] = [...doc.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(
  ([, block = ""]) => block,
);

const test = anyTest as TestFn<{ folder: string; env: NodeJS.ProcessEnv; server: ChildProcess }>;

/** The page's folder, its two pictures, a `scorestream` on the path, and the server of its first block. */
test.before(async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "cli-doc-"));
  const left = Uint8Array.from({ length: 32 * 32 }, (_, i) => (i % 32 < 16 ? 255 : 0));
  await sharp(left, { raw: { width: 32, height: 32, channels: 1 } })
    .png()
    .toFile(join(folder, "left-half.png"));
  const photo = { width: 90, height: 60, channels: 3, background: "#c04030" } as const;
  await sharp({ create: photo }).jpeg().toFile(join(folder, "photo.jpg"));
  const env = {
    ...process.env,
    PATH: await installProgram(folder),
    SCORESTREAM_GRPC_PORT: "0",
    SCORESTREAM_HTTP_PORT: "0",
    SCORESTREAM_LOG_LEVEL: "error",
    SCORESTREAM_CACHE: repositoryPath("dist/derived"),
  };
  // `exec`, so that the signal at the end reaches the program and not the shell.
  const server = spawn("sh", ["-ec", `exec ${serve}`], {
    cwd: folder,
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const line of createInterface({ input: server.stdout })) {
    const { grpc } = JSON.parse(line) as { grpc: string };
    t.context = {
      folder,
      server,
      env: { ...process.env, PATH: env.PATH, SCORESTREAM_SERVER: grpc },
    };
    return;
  }
  throw new Error("the server ended before it was ready");
});

test.after.always(
  "the server of the first block ends with its client, by its signal",
  async (t) => {
    const { server, folder } = t.context;
    const exited = once(server, "exit");
    server.kill("SIGTERM");
    t.deepEqual(await exited, [0, null]);
    await rm(folder, { recursive: true });
  },
);

for (const [i, block] of blocks.entries()) {
  test.serial(`block ${2 + i} of docs/cli.md runs: ${block.split("\n")[0]}`, async (t) => {
    const { folder, env } = t.context;
    await t.notThrowsAsync(run("bash", ["-ec", block], { cwd: folder, env }));
  });
}

test.serial("the commands that the README begins with run", async (t) => {
  const { env } = t.context;
  const readme = await readFile(repositoryPath("README.md"), "utf8");
  const [, shown = ""] = /^```sh\n(npx scorestream [\s\S]*?)^```$/m.exec(readme) ?? [];
  const commands = shown.replaceAll(/^npx /gm, "");
  t.is(commands.match(/^scorestream /gm)?.length, 3);
  const folder = await mkdtemp(join(tmpdir(), "readme-"));
  t.teardown(() => rm(folder, { recursive: true }));
  await t.notThrowsAsync(run("bash", ["-ec", commands], { cwd: folder, env }));
  t.is((await readdir(folder)).filter((name) => name.endsWith(".png")).length, 5);
});

test.serial("what the page says of the files is so", async (t) => {
  const { folder } = t.context;
  const files = await readdir(folder);
  for (const row of [0, 1, 2, 3]) t.true(files.includes(`sample-7-${row}.png`));
  t.true(files.includes("three-1.png") && files.includes("photo-colored-1-0.png"));
  t.deepEqual((await readdir(join(folder, "frames"))).sort(), ["0.png", "1.png", "2.png"]);
  const shapeOf = async (name: string): Promise<readonly number[]> =>
    readNpy(await readFile(join(folder, name))).shape;
  t.deepEqual(await shapeOf("seven.npy"), [3, 32, 32]);
  const pixels = (name: string): Promise<Buffer> =>
    sharp(join(folder, name)).removeAlpha().raw().toBuffer();
  const [seven, again, rawAgain, frame, inpainted] = await Promise.all(
    [
      "seven.png",
      "seven-again.png",
      "seven-raw.png",
      "frames/0.png",
      "seven-inpainted-1-0.png",
    ].map(pixels),
  );
  const apart = (other: Buffer | undefined): number =>
    Math.max(...(seven ?? []).map((value, e) => Math.abs(value - (other?.[e] ?? 0))));
  // The tolerance of the page's commands is a coarse one: 8 levels when this was written.
  for (const other of [again, rawAgain, frame]) t.true(apart(other) <= 16, String(apart(other)));
  // The left half is known to the last bit, the rest is drawn.
  t.true(apart(inpainted) > 16);
  for (let y = 0; y < 32; y++) {
    const line = (values: Buffer | undefined): Buffer | undefined =>
      values?.subarray(3 * 32 * y, 3 * (32 * y + 16));
    t.deepEqual(line(inpainted), line(seven));
  }
});

test("the table has every command", (t) => {
  const named = [...doc.matchAll(/^\| (`[a-z]+[^|]*?) \|/gm)].flatMap(([, cell = ""]) =>
    [...cell.matchAll(/`([a-z]+)/g)].map(([, name]) => name),
  );
  for (const name of Object.keys(COMMANDS)) t.true(named.includes(name), name);
});
