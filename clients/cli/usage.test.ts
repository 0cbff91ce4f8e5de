import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import anyTest, { type TestFn } from "ava";
import { COMMANDS } from "./commands.ts";
import { failureOf } from "./failure.ts";
import { run } from "./program.ts";
import { events, MAIN, scorestream } from "./testing/scorestream.ts";

const test = anyTest as TestFn<{ folder: string }>;

test.before(async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "cli-usage-"));
  for (const name of ["a.npy", "a.f32", "a.txt"])
    await writeFile(join(folder, name), "not what it says");
  t.context = { folder };
});

test.after.always((t) => rm(t.context.folder, { recursive: true }));

/** Command lines that can't be meant; no server is asked: there is none. */
const misuses: readonly (readonly [line: string, message: RegExp])[] = [
  ["paint", /^seen paint, expected a command: serve, models, /],
  ["toString", /^seen toString, expected a command: serve, models, /],
  ["sample --cuont 3", /unknown option '--cuont'\n\(Did you mean --count\?\)/],
  ["sample 3", /too many arguments/],
  ["sample --count 0", /--count: seen "0", expected a whole number from 1 to 1000000$/m],
  ["sample --count 1.5", /--count: seen "1\.5", expected a whole number from 1 to 1000000$/m],
  ["sample --count", /option '-n, --count <n>' argument missing/],
  ["sample --seed -1", /--seed: seen "-1", expected a whole number from 0 to 18446744073709551615/],
  ["sample --seed 18446744073709551616", /--seed: seen "18446744073709551616"/],
  [
    "sample --tolerance 1e-3",
    /--tolerance: goes with --sampler of ode-rk45.*, not with the model's own/,
  ],
  [
    "sample --sampler ddim --snr 0.1",
    /--snr: goes with --sampler of predictor-corrector and annealed-langevin, not with ddim/,
  ],
  ["sample --guidance 2", /--guidance: goes with --class/],
  ["sample --deadline soon", /--deadline: seen "soon", expected such as 30s, 500ms or 2m/],
  ["sample --priority high", /--priority: seen "high", expected one of interactive, batch/],
  [
    "sample --preview ascii",
    /--preview: seen "ascii", expected one of kitty, iterm, sixel, blocks, none/,
  ],
  ["sample --server localhost", /--server: seen "localhost", expected HOST:PORT of gRPC/],
  [
    "sample --count 2 --out x.png",
    /--out: seen "x\.png", expected a pattern with \{row\} for 2 results/,
  ],
  ["sample --out {name}.png", /--out: seen "\{name\}", expected \{row\}, \{seed\}/],
  [
    "sample --out x.gif",
    /--out: seen "\.gif", expected the extension \.png, \.jpg, \.webp, \.npy, \.f32/,
  ],
  ["sample --out x.png --format webp", /--out: seen "\.png", expected \.webp for --format webp/],
  ["inpaint --image a.txt", /required option '--mask <file>' not specified/],
  ["inpaint --image - --mask -", /seen - twice, expected it once/],
  ["colorize", /missing required argument 'picture'/],
  ["colorize a.txt --resize crop", /Allowed choices are cover, contain, fill/],
  ["encode", /missing required argument 'pictures'/],
  ["encode a.txt --out x.png", /--out: seen "\.png", expected the extension \.npy, \.f32/],
  ["decode a.npy", /a\.npy: seen no \.npy file, expected one/],
  ["decode a.f32", /a\.f32: .*--shape C,H,W/],
  ["decode a.f32 --shape 3,4", /--shape: seen "3,4", expected CHANNELS,HEIGHT,WIDTH/],
  ["decode a.f32 --shape 3,4,4", /a\.f32: seen 16 bytes, expected a multiple of 192/],
  ["decode a.txt", /a\.txt: seen no \.npy file, expected one, or raw float32/],
  ["interpolate a.npy", /missing required argument 'to'/],
  [
    "interpolate a.npy a.npy --frames 1",
    /--frames: seen "1", expected a whole number from 2 to 1000000/,
  ],
  ["encode upload:7", /seen "upload:7", expected upload: and 64 hexadecimal digits/],
  ["upload a.txt", /a\.txt: seen no known picture format/],
  ["completion csh", /Allowed choices are bash, zsh, fish\./],
  ["watch", /missing required argument 'job'/],
];

for (const [line, message] of misuses) {
  test(`exit 2: scorestream ${line}`, async (t) => {
    const { folder } = t.context;
    const args = line.split(" ").map((arg) => (/^a\.\w+$/.test(arg) ? join(folder, arg) : arg));
    const failure = await run(args).then(() => undefined, failureOf);
    t.like(failure, { exitCode: 2, isUsage: true });
    t.regex(failure?.message ?? "", message);
  });
}

test("exit 2: the message, a hint and no stack trace on stderr", async (t) => {
  const { code, stdout, stderr } = await scorestream(["sample", "--cuont", "3"], {
    cwd: t.context.folder,
  });
  t.deepEqual([code, stdout], [2, ""]);
  const lines = ["unknown option '--cuont'", "(Did you mean --count?)"];
  const hint = "scorestream sample --help tells how it is used\n";
  t.is(stderr, `scorestream sample: ${lines.join("\n")}\n${hint}`);
});

test("exit 2 with --json: the error is an object too", async (t) => {
  const { stdout } = await scorestream(["sample", "--count", "0", "--json"], {
    cwd: t.context.folder,
  });
  t.like(events(stdout)[0], { event: "error", exitCode: 2 });
});

test("exit 3: no server answers", async (t) => {
  for (const server of ["127.0.0.1:1", "ws://127.0.0.1:1"]) {
    for (const line of ["sample --json", "cancel x --json"]) {
      const args = [...line.split(" "), "--server", server];
      const { code, stdout, stderr } = await scorestream(args, { cwd: t.context.folder });
      t.is(code, 3, stderr);
      t.true(
        stderr.includes(`no server answers at ${server}: \`scorestream serve\` starts one`),
        stderr,
      );
      t.like(events(stdout).at(-1), { event: "error", exitCode: 3 });
    }
  }
});

test("a name with control characters is shown, not obeyed", async (t) => {
  const name = "\u001b[31mred\nblue.png";
  const { code, stderr } = await scorestream(["encode", name], { cwd: t.context.folder });
  t.is(code, 1);
  t.is(
    stderr,
    "scorestream encode: can't read \\u001b[31mred\\u000ablue.png: ENOENT: no such file or directory\n",
  );
});

test("exit 1: a file that isn't there", async (t) => {
  const { code, stderr } = await scorestream(["encode", "none.png"], { cwd: t.context.folder });
  t.is(code, 1);
  t.is(stderr, "scorestream encode: can't read none.png: ENOENT: no such file or directory\n");
});

test("exit 141: whoever read stdout has left", async (t) => {
  const child = spawn(process.execPath, [MAIN, "--help"], { stdio: ["ignore", "pipe", "inherit"] });
  child.stdout.destroy();
  t.deepEqual(await once(child, "exit"), [141, null]);
});

test("every command has help with an example", async (t) => {
  const { stdout } = await scorestream(["doctor", "--help"], { cwd: t.context.folder });
  t.regex(stdout, /^Usage: scorestream doctor [\s\S]*\nExamples:\n.*scorestream doctor/);
  for (const [name, { load }] of Object.entries(COMMANDS)) {
    if (name === "serve" || name === "doctor") continue; // programs of the server's, with their own help
    const command = await load();
    let help = "";
    command.configureOutput({
      writeOut: (text) => {
        help += text;
      },
    });
    command.outputHelp();
    t.regex(
      help,
      new RegExp(`^Usage: (scorestream )?${name} [\\s\\S]*\nExamples:\n.*scorestream ${name}`),
    );
  }
});

test("--help lists the commands; serve has the server's own", async (t) => {
  const { folder: cwd } = t.context;
  const { stdout } = await scorestream(["--help"], { cwd });
  for (const name of Object.keys(COMMANDS)) t.regex(stdout, new RegExp(`^ {2}${name} `, "m"));
  t.regex((await scorestream(["serve", "--help"], { cwd })).stdout, /--grpc-port <value>/);
});

test("serve passes on arguments and exit codes", async (t) => {
  const { code, stderr } = await scorestream(["serve", "--grpc-prot", "1"], {
    cwd: t.context.folder,
  });
  t.is(code, 2);
  t.regex(stderr, /^unknown flag --grpc-prot, expected one of/);
});
