import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { repositoryPath } from "./spawn-server.ts";

const execute = promisify(execFile);

/** An empty project of a user's, with the packed client installed in it. */
export interface Project {
  readonly folder: string;
  /** Names to versions, as the installed package asks for them. */
  readonly dependencies: Readonly<Record<string, string>>;
  write(name: string, text: string): Promise<void>;
  /** Compiles programs for Node, from `<name>.ts` to `out/<name>.js`. @throws Error with what the compiler says */
  compile(names: readonly string[]): Promise<void>;
  /** Runs `node <args>` in the project. @returns its stdout @throws Error with its output, where it fails or says more */
  node(...args: readonly string[]): Promise<string>;
  remove(): Promise<void>;
}

/** The compiler, as an argument of `node`. */
export const TSC: string = repositoryPath("node_modules/typescript/bin/tsc");

/** As strict as users may be; the package's own declarations are checked too. */
export const STRICT = {
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  target: "es2022",
} as const;

/**
 * Packs the client and installs the tarball, without a network: what it depends on is linked from this repository.
 *
 * @param types packages whose types the project has, beside the client's own
 */
export async function installPackage(types: readonly string[]): Promise<Project> {
  const folder = await mkdtemp(join(tmpdir(), "scorestream-project-"));
  const { packClient } = (await import(
    pathToFileURL(repositoryPath("scripts/package-client.mjs")).href
  )) as { packClient(destination: string): Promise<string> };
  const tarball = await packClient(folder);
  const modules = join(folder, "node_modules");
  await mkdir(modules);
  await execute("tar", ["-xzf", tarball, "-C", folder]);
  await rename(join(folder, "package"), join(modules, "scorestream-client"));
  const manifest = await readFile(join(modules, "scorestream-client/package.json"), "utf8");
  const { dependencies } = JSON.parse(manifest) as Pick<Project, "dependencies">;
  for (const name of [...Object.keys(dependencies), ...types]) {
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(repositoryPath(`node_modules/${name}`), join(modules, name));
  }
  const project: Project = {
    folder,
    dependencies,
    write: (name, text) => writeFile(join(folder, name), text),
    async compile(names) {
      const compilerOptions = { ...STRICT, module: "nodenext", types: ["node"], outDir: "out" };
      const files = names.map((name) => `${name}.ts`);
      await project.write("tsconfig.json", JSON.stringify({ compilerOptions, files }));
      await project.node(TSC, "-p", ".");
    },
    async node(...args) {
      const { stdout, stderr } = await execute(process.execPath, args, { cwd: folder });
      if (stderr !== "") throw new Error(stderr);
      return stdout;
    },
    remove: () => rm(folder, { recursive: true }),
  };
  await project.write("package.json", '{ "type": "module" }');
  return project;
}
