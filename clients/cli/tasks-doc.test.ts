import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import anyTest, { type TestFn } from "ava";
import sharp from "sharp";
import { python, TIMEOUT_MS, UNAVAILABLE } from "../python/testing/python.ts";
import { installPackage, type Project } from "../typescript/testing/project.ts";
import {
  repositoryPath,
  type SpawnedServer,
  spawnServer,
} from "../typescript/testing/spawn-server.ts";
import { installProgram } from "./testing/scorestream.ts";

const doc = await readFile(repositoryPath("docs/tasks.md"), "utf8");
const test = anyTest as TestFn<{
  server: SpawnedServer;
  /** Where the command line and Python work, each in a folder of its own; TypeScript does in the project's. */
  folders: { readonly sh: string; readonly python: string };
  project: Project;
}>;

/** The blocks of a language as one program, each line where the page has it: errors then name the page's lines. */
function programOf(language: string, target: string): string {
  let isInside = false;
  const lines = doc.split("\n").map((line) => {
    if (line.startsWith("```")) isInside = line === `\`\`\`${language}`;
    else if (isInside) return line;
    return "";
  });
  return lines.join("\n").replaceAll("127.0.0.1:50051", target);
}

/** A new folder, or the one named, with the two pictures that the page begins with. */
async function prepare(folder: string): Promise<string> {
  const draw = async (name: string, level: (x: number, y: number) => number): Promise<void> => {
    const values = Uint8Array.from({ length: 32 * 32 }, (_, i) =>
      level(i % 32, Math.floor(i / 32)),
    );
    const raw = { width: 32, height: 32, channels: 1 } as const;
    await sharp(values, { raw }).toColourspace("b-w").png().toFile(join(folder, name));
  };
  await draw("mask.png", (x) => (x < 16 ? 255 : 0));
  // A bright bar on dark, as the model's digits are: the figure one.
  await draw("gray.png", (x, y) => (x > 12 && x < 19 && y > 4 && y < 27 ? 200 : 40));
  return folder;
}

test.before(async (t) => {
  const newFolder = async (): Promise<string> =>
    prepare(await mkdtemp(join(tmpdir(), "tasks-doc-")));
  const [server, project, sh, ofPython] = await Promise.all([
    spawnServer(["color-digits"], []),
    installPackage(["@types/node"]),
    newFolder(),
    newFolder(),
  ]);
  await prepare(project.folder);
  t.context = { server, project, folders: { sh, python: ofPython } };
});

test.after.always(async (t) => {
  const { server, project, folders } = t.context;
  t.deepEqual(await server.stop(), [0, null]);
  await project.remove();
  for (const folder of Object.values(folders)) await rm(folder, { recursive: true });
});

/** What a language's program printed, and where it wrote. */
interface Done {
  readonly output: string;
  readonly folder: string;
}

async function commandLine(folder: string, { target }: SpawnedServer): Promise<Done> {
  const PATH = await installProgram(folder);
  const env = { ...process.env, PATH, SCORESTREAM_SERVER: target };
  const program = programOf("sh", target);
  const { stdout } = await promisify(execFile)("bash", ["-euc", program], { cwd: folder, env });
  return { output: stdout, folder };
}

async function typescript(project: Project, { target }: SpawnedServer): Promise<Done> {
  await project.write("program.ts", programOf("ts", target));
  await project.compile(["program"]);
  return { output: await project.node("out/program.js"), folder: project.folder };
}

/** @returns undefined where there is no Python */
async function inPython(folder: string, { target }: SpawnedServer): Promise<Done | undefined> {
  const file = join(folder, "program.py");
  // The page's first line is its title, so that the lines stay where they are.
  const header = "import os; os.chdir(os.path.dirname(__file__))";
  await writeFile(file, header + programOf("python", target));
  const { code, output } = await python(file);
  if (code !== 0 && code !== UNAVAILABLE) throw new Error(output);
  if (code === 0) return { output, folder };
  console.log(`The Python of docs/tasks.md is not tested: ${output.trim()}`);
  return undefined;
}

/** The likelihood as each client prints it. */
function bitsPerDim(output: string): string | undefined {
  return /(\d+\.\d\d)\d(?: ± \S+)? bits\/dim/.exec(output)?.[1];
}

async function picturesIn(folder: string): Promise<ReadonlyMap<string, Buffer>> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".png")).sort();
  const pixels = names.map(async (name) => {
    const picture = sharp(join(folder, name)).toColourspace("srgb").removeAlpha();
    return [name, await picture.raw().toBuffer()] as const;
  });
  return new Map(await Promise.all(pixels));
}

test("the programs of docs/tasks.md run, and write the same pictures", async (t) => {
  t.timeout(TIMEOUT_MS);
  const { folders, project, server } = t.context;
  const [shell, ...others] = await Promise.all([
    commandLine(folders.sh, server),
    typescript(project, server),
    inPython(folders.python, server),
  ]);
  t.regex(shell.output, /\ncancelled\n$/);
  const expected = await picturesIn(shell.folder);
  t.is(expected.size, 14);
  for (const { output, folder } of others.filter((done) => done !== undefined)) {
    t.regex(output, /\n[Tt]rue\n$/, "the last job was cancelled");
    t.is(bitsPerDim(output), bitsPerDim(shell.output), output);
    const pictures = await picturesIn(folder);
    t.deepEqual([...pictures.keys()], [...expected.keys()]);
    for (const [name, levels] of pictures) {
      const other = expected.get(name);
      const apart = levels.map((level, e) => Math.abs(level - (other?.[e] ?? 255)));
      // Of its batch's company a sample knows no more than rounding, which may turn a level of 255.
      t.true(Math.max(...apart) <= 1, `${folder}/${name}`);
    }
  }
});

test("what the page's user is to press is on the page", async (t) => {
  const folder = repositoryPath("dist/clients/web/public");
  const files = (await readdir(folder)).filter((name) => /\.(html|js)$/.test(name));
  const page = (
    await Promise.all(files.map((name) => readFile(join(folder, name), "utf8")))
  ).join();
  const labels = [...doc.matchAll(/\*\*([^*]+)\*\*/g)].map(([, label = ""]) => label);
  t.true(labels.length > 10);
  for (const label of labels) t.true(new RegExp(`["'\`>]${label}["'\`<]`).test(page), label);
});
