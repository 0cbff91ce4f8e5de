/** `npm run package:client`: the package `scorestream-client` out of clients/typescript, as dist/scorestream-client-<version>.tgz. */
import { execFile } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { build } from "./build.mjs";
import { root, script } from "./command.mjs";

/** What it is made of, below dist/: the package keeps these places, so that relative imports stay as they are. */
const PARTS = ["proto/messages/gen", "clients/typescript"];
/** Of clients/typescript: the rest is for examples and tests. */
const OF_THE_CLIENT = /^clients\/typescript\/(index|connect|core\/|grpc\/)/;

/**
 * Packs what has been built.
 *
 * @param destination folder of the tarball
 * @returns the tarball's path
 */
export async function packClient(destination) {
  const staging = mkdtempSync(join(tmpdir(), "scorestream-client-"));
  try {
    for (const name of ["package.json", "README.md"]) {
      cpSync(join(root, "clients/typescript", name), join(staging, name));
    }
    cpSync(join(root, "LICENSE"), join(staging, "LICENSE"));
    for (const path of PARTS.flatMap(compiledIn)) writeCompiled(path, staging);
    await npm(["pack", "--ignore-scripts", "--pack-destination", destination], staging);
    const { name, version } = JSON.parse(readFileSync(join(staging, "package.json"), "utf8"));
    return join(destination, `${name}-${version}.tgz`);
  } finally {
    rmSync(staging, { recursive: true });
  }
}

/** Paths below dist/ of what a user runs and type-checks against. */
function compiledIn(part) {
  return readdirSync(join(root, "dist", part), { recursive: true })
    .map((name) => `${part}/${name.replaceAll("\\", "/")}`)
    .filter((path) => /\.(js|d\.ts)$/.test(path) && !path.includes(".test."))
    .filter((path) => !path.startsWith("clients/") || OF_THE_CLIENT.test(path));
}

function writeCompiled(path, staging) {
  const text = readFileSync(join(root, "dist", path), "utf8")
    // The sources that maps speak of are not in the package.
    .replace(/\n?\/\/# sourceMappingURL=.*$/, "\n")
    // The compiler leaves these as they are in declarations.
    .replace(/((?:from|import\() ?"\.[^"]*)\.ts"/g, '$1.js"');
  mkdirSync(dirname(join(staging, path)), { recursive: true });
  writeFileSync(join(staging, path), text);
}

/** @throws Error with what npm wrote, where it fails */
async function npm(args, cwd) {
  const cli = process.env.npm_execpath ?? "";
  const [command, first] = cli.endsWith("npm-cli.js") ? [process.execPath, [cli]] : ["npm", []];
  await promisify(execFile)(command, [...first, ...args], { cwd });
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await script(async () => {
    await build();
    console.log(await packClient(join(root, "dist")));
  });
}
