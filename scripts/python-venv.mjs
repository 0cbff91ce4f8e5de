/**
 * A Python with clients/python and the tools to test, check and generate it: a virtual environment in .cache/python,
 * made when it is first asked for, and again when pyproject.toml or the Python is another one.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { root } from "./command.mjs";

const CLIENT = join(root, "clients/python");
const VENVS = join(root, ".cache/python");
const BIN = process.platform === "win32" ? "Scripts/python.exe" : "bin/python";
/** Of one command; an index that does not answer must not hold a test run up. */
const TIMEOUT_MS = 90_000;

const NEEDS = {
  python:
    "it needs Python 3.10 or newer as python3 (or PYTHON): `apt-get install python3 python3-venv`",
  venv: "python3 can't make a virtual environment: `apt-get install python3-venv`",
  index: "pip could not install clients/python[dev], which takes a package index",
};

/**
 * @returns the path of its Python; or, where there can be none, a sentence with what would change that
 * @throws Error where the package itself does not install
 */
export async function pythonOfClient() {
  const base = process.env.PYTHON ?? "python3";
  const version = await output(base, ["-c", "import sys; print(sys.version, sys.executable)"]);
  if (version.code !== 0 || !isNewEnough(version.text)) return { missing: NEEDS.python };
  const project = readFileSync(join(CLIENT, "pyproject.toml"));
  const key = createHash("sha256").update(project).update(version.text).digest("hex").slice(0, 16);
  const venv = join(VENVS, key);
  const python = join(venv, BIN);
  if (existsSync(python)) return { python };
  // A venv can't be moved: it is made under a name of its own, and the link to it says that it is whole.
  const own = `${venv}-${process.pid}`;
  mkdirSync(VENVS, { recursive: true });
  const missing = await make(base, own);
  if (missing !== undefined) {
    rmSync(own, { recursive: true, force: true });
    return { missing };
  }
  return { python: link(own, venv) };
}

async function make(base, venv) {
  console.error(`installing clients/python[dev] in ${VENVS}`);
  const made = await output(base, ["-m", "venv", venv]);
  if (made.code !== 0) return `${NEEDS.venv}\n${made.text.trim()}`;
  const options = ["--quiet", "--disable-pip-version-check", "--no-input", "--retries=1"];
  const pip = ["-m", "pip", "install", ...options, "--timeout=15", "--only-binary=:all:"];
  // First what pyproject.toml builds with: without an index it is this that fails.
  for (const wanted of [
    ["hatchling", "editables"],
    ["--no-build-isolation", "--editable", `${CLIENT}[dev]`],
  ]) {
    const installed = await output(join(venv, BIN), [...pip, ...wanted]);
    if (installed.code === 0) continue;
    const said = installed.text.trim().split("\n").slice(-3).join("\n");
    if (isIndexAtFault(installed)) return `${NEEDS.index}\n${said}`;
    rmSync(venv, { recursive: true, force: true });
    throw new Error(`clients/python does not install:\n${installed.text}`);
  }
  return undefined;
}

/** Another run may have been faster: then its environment is used. */
function link(own, venv) {
  try {
    symlinkSync(own, venv, "junction");
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    rmSync(own, { recursive: true, force: true });
  }
  return join(venv, BIN);
}

function isIndexAtFault({ code, text }) {
  if (code === undefined) return true;
  return /No matching distribution|Could not find a version|Max retries|NewConnectionError|ReadTimeout|ProxyError|SSLError/.test(
    text,
  );
}

function isNewEnough(version) {
  const [major, minor] = version.split(".").map(Number);
  return major === 3 && minor >= 10;
}

/** @returns its exit code, undefined where it took too long or isn't there, and what it wrote. */
function output(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, timeout: TIMEOUT_MS });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (piece) => {
        text += piece;
      });
    }
    child.on("error", () => resolve({ code: undefined, text }));
    child.on("close", (code) => resolve({ code: code ?? undefined, text }));
  });
}
