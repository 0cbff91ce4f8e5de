import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import anyTest, { type TestFn } from "ava";
import { build } from "esbuild";
import { installPackage, type Project, STRICT, TSC } from "./testing/project.ts";
import { repositoryPath, type SpawnedServer, spawnServer } from "./testing/spawn-server.ts";

const test = anyTest as TestFn<{ server: SpawnedServer; project: Project }>;

interface Snippet {
  readonly name: string;
  readonly language: string;
  readonly code: string;
}

/** What a README shows, each under the name of its heading. */
function readSnippets(path: string): Snippet[] {
  const readme = readFileSync(repositoryPath(path), "utf8");
  return readme.split(/^## /m).flatMap((section) => {
    const name = section.slice(0, section.indexOf("\n"));
    const blocks = section.matchAll(/^```(ts.*)\n((?:.*\n)*?)```$/gm);
    return Array.from(blocks, ([, language = "", code = ""]) => ({ name, language, code }));
  });
}

/** Of the package's own README, and of the project's. */
const SNIPPETS = ["clients/typescript/README.md", "README.md"].flatMap(readSnippets);
const FOR_NODE = SNIPPETS.filter(({ language }) => language === "ts");
const FOR_BROWSERS = SNIPPETS.filter(({ language }) => language === "ts web");

/** A snippet as a program that asks the server under test. */
function program({ code }: Snippet, { target, http }: SpawnedServer): string {
  const opening = /^const client = /m.test(code)
    ? ""
    : 'import { connect } from "scorestream-client";\nconst client = connect("127.0.0.1:50051");\n';
  const closing = code.includes("client.close()") ? "" : "await client.close();\n";
  return `${opening}${code}${closing}`
    .replaceAll("127.0.0.1:50051", target)
    .replaceAll("ws://127.0.0.1:8080", http);
}

test.before(async (t) => {
  const [server, project] = await Promise.all([
    spawnServer(
      ["color-digits", "gaussian-mixture-vp"],
      ["--default-model", "gaussian-mixture-vp"],
    ),
    installPackage(["@types/node"]),
  ]);
  t.context = { server, project };
  for (const [i, snippet] of SNIPPETS.entries()) {
    await project.write(`snippet-${i}.ts`, program(snippet, server));
  }
});

test.after.always(async (t) => {
  t.deepEqual(await t.context.server.stop(), [0, null]);
  await t.context.project.remove();
});

const fileOf = (snippet: Snippet): string => `snippet-${SNIPPETS.indexOf(snippet)}`;

test.serial("the READMEs' programs for Node compile against the package's types", async (t) => {
  await t.notThrowsAsync(t.context.project.compile(FOR_NODE.map(fileOf)));
});

for (const snippet of FOR_NODE) {
  test.serial(`README, ${snippet.name}, ${fileOf(snippet)}`, async (t) => {
    const { project } = t.context;
    t.regex(await project.node(`out/${fileOf(snippet)}.js`), /\S/);
  });
}

for (const entry of ["scorestream-client/web", "scorestream-client"]) {
  test.serial(
    `in a browser ${entry} has types, no gRPC, nothing of Node's, and works`,
    async (t) => {
      const { project, server } = t.context;
      const [snippet] = FOR_BROWSERS;
      const source = program(snippet!, server).replaceAll("scorestream-client/web", entry);
      await project.write("page.ts", source);
      const resolution = {
        module: "esnext",
        moduleResolution: "bundler",
        customConditions: ["browser"],
      };
      const compilerOptions = { ...STRICT, ...resolution, lib: ["es2023", "dom"], types: [] };
      const configuration = {
        compilerOptions: { ...compilerOptions, noEmit: true },
        files: ["page.ts"],
      };
      await project.write("tsconfig.json", JSON.stringify(configuration));
      t.is(await project.node(TSC, "-p", "."), "");
      const { metafile } = await build({
        absWorkingDir: project.folder,
        entryPoints: ["page.ts"],
        bundle: true,
        format: "esm",
        platform: "browser",
        outfile: "page.js",
        metafile: true,
        // Of Node itself the page sees nothing.
        define: Object.fromEntries(
          ["Buffer", "process", "globalThis.Buffer", "globalThis.process"].map((name) => [
            name,
            "undefined",
          ]),
        ),
        logLevel: "silent",
      });
      const inputs = Object.keys(metafile.inputs);
      t.true(inputs.some((path) => path.includes("@bufbuild/protobuf")));
      t.deepEqual(
        inputs.filter((path) => /grpc|node_modules\/ws\//.test(path)),
        [],
      );
      // Node 20 has the browsers' WebSocket behind a flag.
      const flags =
        globalThis.WebSocket === undefined ? ["--experimental-websocket", "--no-warnings"] : [];
      t.regex(await project.node(...flags, "page.js"), /^0 blob:/m);
    },
  );
}

test("what it depends on has the repository's versions", async (t) => {
  const manifest = await readFile(repositoryPath("package.json"), "utf8");
  const { version, dependencies } = JSON.parse(manifest) as {
    version: string;
    dependencies: Record<string, string>;
  };
  for (const [name, asked] of Object.entries(t.context.project.dependencies)) {
    t.is(dependencies[name], asked, name);
  }
  const own = await readFile(repositoryPath("clients/typescript/package.json"), "utf8");
  t.is((JSON.parse(own) as { version: string }).version, version);
});
