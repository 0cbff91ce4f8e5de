import { execFile } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import test from "ava";
import { spawnServer } from "../typescript/testing/spawn-server.ts";
import { COMMANDS } from "./commands.ts";
import { complete } from "./complete.ts";
import { MAIN } from "./testing/scorestream.ts";

const run = promisify(execFile);

/** The words of an answer, and its directive. */
async function answer(...words: readonly string[]): Promise<readonly [string[], string]> {
  const lines = (await complete(words)).trimEnd().split("\n");
  return [lines.slice(0, -1).map((line) => line.split("\t")[0] ?? ""), lines.at(-1) ?? ""];
}

test("commands, by what is typed of them", async (t) => {
  t.deepEqual(await answer(""), [Object.keys(COMMANDS), ":4"]);
  t.deepEqual(await answer("in"), [["inpaint", "interpolate"], ":4"]);
});

test("flags, their values, files and nothing", async (t) => {
  t.deepEqual(await answer("sample", "--pr"), [["--priority", "--preview"], ":4"]);
  t.deepEqual(await answer("sample", "--preview", "s"), [["sixel"], ":4"]);
  t.deepEqual(await answer("sample", "--preview=k"), [["--preview=kitty"], ":4"]);
  t.deepEqual(await answer("sample", "--preview", "=", "k"), [["kitty"], ":4"]);
  t.deepEqual(await answer("sample", "--out", ""), [[], ":0"]);
  t.deepEqual(await answer("sample", "--count", ""), [[], ":4"]);
  t.deepEqual(await answer("sample", "--strict", ""), [[], ":4"]);
  t.deepEqual(await answer("encode", "a.png", "b"), [[], ":0"]);
  t.deepEqual(await answer("colorize", "a.png", "b"), [[], ":4"]);
  t.deepEqual(await answer("colorize", "--count", "2", ""), [[], ":0"]);
  t.deepEqual(await answer("inpaint", "--mask", ""), [[], ":0"]);
  t.deepEqual(await answer("completion", ""), [["bash", "zsh", "fish"], ":4"]);
  t.deepEqual(await answer("nonsense", ""), [[], ":4"]);
});

test("the models of the server, and none where there is no server", async (t) => {
  const server = await spawnServer(["gaussian-mixture-vp", "gaussian-mixture-ve"], []);
  const at = ["--server", server.target];
  t.deepEqual(await answer("sample", ...at, "--model", "gaussian-mixture-ve"), [
    ["gaussian-mixture-ve"],
    ":4",
  ]);
  t.deepEqual(await answer("models", ...at, ""), [
    ["gaussian-mixture-ve", "gaussian-mixture-vp"],
    ":4",
  ]);
  await server.stop();
  t.deepEqual(await answer("sample", ...at, "--model", ""), [[], ":4"]);
});

test("bash completes by the script that completion prints", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "cli-complete-"));
  try {
    const program = join(folder, "scorestream");
    await writeFile(program, `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`);
    await chmod(program, 0o755);
    const script = `
      source <(scorestream completion bash)
      tab() {
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _scorestream 2>/dev/null
        echo "\${COMPREPLY[@]}"
      }
      complete -p scorestream
      tab scorestream de
      tab scorestream sample --preview = si
      tab scorestream sample --out ''`;
    const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
    const { stdout } = await run("bash", ["--norc", "-c", script], { cwd: folder, env });
    const lines = ["complete -F _scorestream scorestream", "decode derive", "sixel", "", ""];
    t.is(stdout, lines.join("\n"));
  } finally {
    await rm(folder, { recursive: true });
  }
});
