import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import anyTest, { type TestFn } from "ava";
import sharp from "sharp";
import { decode as decodeSixel } from "sixel";
import { type SpawnedServer, spawnServer } from "../../typescript/testing/spawn-server.ts";
import {
  canRun,
  linesOf,
  runInTerminal,
  type TerminalOptions,
  type TerminalRun,
} from "../testing/terminal.ts";

const everywhere = anyTest as TestFn<{
  folder: string;
  server: SpawnedServer;
  run: (line: string, options?: Partial<TerminalOptions>) => Promise<TerminalRun>;
}>;

if (!canRun) process.stderr.write("terminal tests need util-linux's script: run them on Linux\n");
const test = canRun ? everywhere : everywhere.skip;

const ESC = "\x1b";
/** A character has 10 x 20 pixels. */
const CELL = `${ESC}[6;20;10t`;
const BASE64 = "[A-Za-z0-9+/=]+";

/** Of the model gaussian-mixture-vp, in pixels. */
const SIZE = 4;
/** Of a picture in half blocks, enlarged. */
const BLOCKS = { side: 32, gap: 2 };
/** Two pictures of 128 pixels, side by side. */
const GRID = { width: 260, height: 128, columns: 26, lines: 7 };

/** Steps enough for a few frames. */
const sample = (out: string): string =>
  `sample --count 2 --seed 7 --steps 400 --out ${out}-{row}.png`;

everywhere.before(async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "cli-terminal-"));
  const server = await spawnServer(["gaussian-mixture-vp"], []);
  const usualEnv = { SCORESTREAM_SERVER: server.target, COLORTERM: "truecolor" };
  t.context = {
    folder,
    server,
    run: (line, { env, ...options } = {}) =>
      runInTerminal(line, {
        columns: 80,
        rows: 24,
        cwd: folder,
        ...options,
        env: { ...usualEnv, ...env },
      }),
  };
});

everywhere.after.always(async (t) => {
  await t.context.server.stop();
  await rm(t.context.folder, { recursive: true });
});

/** uint8[height, width, 3]. */
async function pixelsOf(folder: string, name: string): Promise<Buffer> {
  return await sharp(await readFile(join(folder, name)))
    .removeAlpha()
    .raw()
    .toBuffer();
}

/** The two pictures as half blocks should have them: RGB of the pixel at (x, y); black between. */
async function gridPixels(folder: string, out: string): Promise<(x: number, y: number) => number> {
  const tiles = await Promise.all([0, 1].map((row) => pixelsOf(folder, `${out}-${row}.png`)));
  const { side, gap } = BLOCKS;
  const scale = side / SIZE;
  return (x, y) => {
    const left = x % (side + gap);
    if (left >= side) return 0;
    const pixel = SIZE * Math.floor(y / scale) + Math.floor(left / scale);
    return tiles[Math.floor(x / (side + gap))]!.readUIntBE(3 * pixel, 3);
  };
}

test("half blocks: the terminal ends with the pictures' own pixels, the line gone, the files named", async (t) => {
  const { run, folder } = t.context;
  const seen = new Set<string>();
  const { code, screen, output } = await run(sample("half"), {
    onScreen: (now) => {
      for (const line of linesOf(now)) seen.add(line);
      return undefined;
    },
  });
  t.is(code, 0);
  const pixel = await gridPixels(folder, "half");
  const lines = BLOCKS.side / 2;
  for (let line = 0; line < lines; line++) {
    for (let x = 0; x < 2 * BLOCKS.side + BLOCKS.gap; x++) {
      const cell = screen.buffer.active.getLine(line)?.getCell(x);
      t.is(cell?.getChars(), "▀");
      const colors = [cell?.getFgColor(), cell?.getBgColor()];
      t.deepEqual(
        colors,
        [pixel(x, 2 * line), pixel(x, 2 * line + 1)],
        `column ${x}, line ${line}`,
      );
    }
  }
  const [first, second, summary, ...more] = linesOf(screen).slice(lines);
  t.deepEqual([first, second, more], ["half-0.png", "half-1.png", []]);
  t.regex(summary ?? "", /^seed 7, 800 evaluations in/);
  // While it ran: a bar that moved, with what is done.
  const bar = /^[█▏▎▍▌▋▊▉░]{24} +\d+ % {2}[012]\/2 pictures {2}\d+ evaluations/;
  t.true([...seen].filter((line) => bar.test(line)).length >= 2, [...seen].join("\n"));
  // The cursor is hidden while the line is drawn, and back at the end.
  t.true(output.lastIndexOf(`${ESC}[?25h`) > output.lastIndexOf(`${ESC}[?25l`));
});

test("256 colours where the terminal has no more", async (t) => {
  const { output } = await t.context.run(sample("few"), { env: { COLORTERM: "" } });
  t.true(output.includes(`${ESC}[38;5;`));
  t.false(output.includes(`${ESC}[38;2;`));
});

test("a terminal that answers kitty's query gets kitty's pictures", async (t) => {
  const { run, folder } = t.context;
  const reply = `${ESC}_Gi=4211;OK${ESC}\\${ESC}P>|kitty(0.40.0)${ESC}\\${CELL}${ESC}[?62;c`;
  const { output, code } = await run(sample("kitty"), { reply });
  t.is(code, 0);
  const parts = [...output.matchAll(new RegExp(`${ESC}_G([^;]*);(${BASE64})${ESC}`, "g"))];
  const start = parts.findLastIndex(([, head = ""]) => head.includes("a=T"));
  const [, head = ""] = parts[start] ?? [];
  const { columns, lines } = GRID;
  t.regex(head, new RegExp(`^a=T,f=100,i=\\d+,p=1,c=${columns},r=${lines},C=1,q=2,m=[01]$`));
  t.regex(parts.at(-1)?.[1] ?? "", /m=0$/);
  const text = parts.slice(start).map((part) => part[2]);
  const { data, info } = await sharp(Buffer.from(text.join(""), "base64"))
    .raw()
    .toBuffer({ resolveWithObject: true });
  t.deepEqual([info.width, info.height], [GRID.width, GRID.height]);
  const own = await pixelsOf(folder, "kitty-0.png");
  t.deepEqual([...data.subarray(0, 3)], [...own.subarray(0, 3)]);
});

test("iTerm2 and WezTerm get iTerm2's pictures, whatever else they know", async (t) => {
  const reply = `${ESC}_Gi=4211;OK${ESC}\\${ESC}P>|WezTerm 20240203${ESC}\\${CELL}${ESC}[?65;4;22c`;
  const { output } = await t.context.run(sample("wezterm"), { reply });
  const files = output.matchAll(new RegExp(`\\]1337;File=([^:]*):(${BASE64})`, "g"));
  const [, settings = "", text = ""] = [...files].at(-1) ?? [];
  const { columns, lines } = GRID;
  t.true(settings.includes(`inline=1;width=${columns};height=${lines}`), settings);
  t.is((await sharp(Buffer.from(text, "base64")).metadata()).width, GRID.width);
});

test("a terminal with sixel gets sixels", async (t) => {
  const { run, folder } = t.context;
  const { output } = await run(sample("sixel"), { reply: `${CELL}${ESC}[?62;4;22c` });
  const found = output.match(new RegExp(`${ESC}P[\\d;]*q[^${ESC}]*${ESC}\\\\`, "g"));
  const picture = found?.at(-1) ?? "";
  // The decoder takes what follows the introducer.
  const { width, height, data32 } = decodeSixel(picture.slice(picture.indexOf("q") + 1));
  t.deepEqual([width, height], [GRID.width, GRID.height]);
  const own = await pixelsOf(folder, "sixel-0.png");
  // Sixel's colours are percents, and dithered: the mean over the first pixel's 32 x 32.
  const seen = [0, 8, 16].map((shift) => {
    const block = Array.from({ length: 32 * 32 }, (_, i) => {
      const at = GRID.width * Math.floor(i / 32) + (i % 32);
      return (data32[at]! >> shift) & 255;
    });
    return block.reduce((sum, value) => sum + value, 0) / block.length;
  });
  for (const [c, value] of seen.entries()) t.true(Math.abs(value - own[c]!) <= 4, seen.join(" "));
});

test("--preview none and NO_COLOR: the line alone", async (t) => {
  for (const [line, env] of [
    [`${sample("none")} --preview none`, {}],
    [sample("plain"), { NO_COLOR: "1" }],
  ] as const) {
    const { output, code } = await t.context.run(line, { env });
    t.is(code, 0);
    // The half block's UTF-8.
    for (const picture of ["\u00e2\u0096\u0080", "a=T", `${ESC}P`])
      t.false(output.includes(picture));
    t.true(output.includes("evaluations"));
  }
});

test("Ctrl-C typed in a terminal ends the job, and leaves the terminal as it was", async (t) => {
  let isTyped = false;
  const { code, screen, output } = await t.context.run("sample --steps 10000", {
    onScreen: (now) => {
      if (isTyped || !linesOf(now).some((line) => line.includes(" % "))) return undefined;
      isTyped = true;
      return "\x03";
    },
  });
  t.is(code, 130);
  t.true(linesOf(screen).some((line) => line.includes("interrupted: the job was cancelled")));
  t.true(output.lastIndexOf(`${ESC}[?25h`) > output.lastIndexOf(`${ESC}[?25l`));
});
