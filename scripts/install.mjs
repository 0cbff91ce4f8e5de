/** Brings node_modules up to the lockfile. Node's own modules only: it runs before anything is installed. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CommandFailed, root, run } from "./command.mjs";

/** Runs `npm ci` unless what is installed is what package-lock.json names. */
export async function installIfNeeded() {
  checkNodeVersion();
  if (isInstalled()) return;
  console.error("installing dependencies (npm ci)");
  const args = ["ci", "--include=dev", "--no-audit", "--no-fund"];
  const npm = process.env.npm_execpath ?? "";
  if (npm.endsWith("npm-cli.js")) await run(process.execPath, [npm, ...args]);
  else await run("npm", args);
}

/** @throws CommandFailed where nothing, or something else, is installed. */
export function requireInstalled() {
  checkNodeVersion();
  if (isInstalled()) return;
  throw new CommandFailed(
    "node_modules is missing or older than package-lock.json: run `npm ci`, or `npm run quickstart`",
  );
}

function checkNodeVersion() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  throw new CommandFailed(`scorestream needs Node 20.19 or newer; this is ${process.version}`);
}

/**
 * Compares the lockfile with npm's own record of what it installed, which npm writes last. A package may be
 * missing only where it is optional: those are the builds for other platforms.
 */
function isInstalled() {
  const installed = readPackages("node_modules/.package-lock.json");
  if (installed === undefined) return false;
  return Object.entries(readPackages("package-lock.json") ?? {}).every(([path, wanted]) => {
    if (path === "") return true;
    const found = installed[path];
    if (found === undefined) return wanted.optional === true || wanted.devOptional === true;
    return found.version === wanted.version && found.integrity === wanted.integrity;
  });
}

function readPackages(path) {
  try {
    return JSON.parse(readFileSync(join(root, path), "utf8")).packages;
  } catch {
    return undefined;
  }
}
