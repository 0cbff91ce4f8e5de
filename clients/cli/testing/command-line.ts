import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExecutionContext, TestFn } from "ava";
import sharp, { type Sharp } from "sharp";
import { type SpawnedServer, spawnServer } from "../../typescript/testing/spawn-server.ts";
import { type Ended, type RunOptions, scorestream } from "./scorestream.ts";

/** A server of gaussian-mixture-vp, and a folder with pictures for it. */
export interface CommandLine {
  readonly folder: string;
  readonly server: SpawnedServer;
  /** Runs a line without the program's name, in the folder; words are parted by single spaces. */
  readonly run: (line: string, options?: Partial<RunOptions>) => Promise<Ended>;
}

/** Of the model: RGB of 4 x 4. */
export const SIZE = 4;
export const MAX_ROWS = 8;
/** Those that take turns; others wait. */
export const ACTIVE_ROWS = 4;
/** One that no test waits for. */
export const ENDLESS = "--sampler annealed-langevin --steps 10000 --corrector-steps 100";
export const QUICK = "--sampler ddim --steps 10";

/** Has each test of a file find these in its context, and ends them after the last. */
export function withCommandLine(test: TestFn<CommandLine>): void {
  test.before(async (t) => {
    t.context = await open();
  });
  test.after.always(async (t) => {
    t.deepEqual(await t.context.server.stop(), [0, null]);
    await rm(t.context.folder, { recursive: true });
  });
}

async function open(): Promise<CommandLine> {
  const server = await spawnServer(
    ["gaussian-mixture-vp"],
    [...["--max-rows", String(MAX_ROWS)], ...["--max-active-rows", String(ACTIVE_ROWS)]],
  );
  const folder = await mkdtemp(join(tmpdir(), "cli-"));
  const env = { SCORESTREAM_SERVER: server.target };
  await drawing().png().toFile(join(folder, "picture.png"));
  await drawing(24).resize(30, 20).tiff().toFile(join(folder, "photo.tiff"));
  await drawing(8).resize(2, 2).png().toFile(join(folder, "small.png"));
  const left = Uint8Array.from({ length: SIZE * SIZE }, (_, i) => (i % SIZE < 2 ? 255 : 0));
  await sharp(left, { raw: { width: SIZE, height: SIZE, channels: 1 } })
    .toColourspace("b-w")
    .png()
    .toFile(join(folder, "mask.png"));
  return {
    server,
    folder,
    run: (line, options = {}) => scorestream(line.split(" "), { cwd: folder, env, ...options }),
  };
}

/** Levels that differ between neighbours. */
function drawing(side = SIZE): Sharp {
  const values = Uint8Array.from({ length: 3 * side * side }, (_, e) => 16 + ((44 * e) % 224));
  return sharp(values, { raw: { width: side, height: side, channels: 3 } });
}

/** uint8[height, width, 3] of a file in the folder. */
export async function pixels(t: ExecutionContext<CommandLine>, name: string): Promise<Buffer> {
  return await sharp(join(t.context.folder, name))
    .toColourspace("srgb")
    .removeAlpha()
    .raw()
    .toBuffer();
}

export function succeeded(t: ExecutionContext<CommandLine>, { code, stderr }: Ended): void {
  t.is(code, 0, stderr);
}

/** The files that a command named on stdout. */
export function named({ stdout }: Ended): string[] {
  return stdout.split("\n").filter((line) => line !== "");
}
