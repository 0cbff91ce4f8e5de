import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import test from "ava";
import { openRepository } from "./repository.ts";
import {
  EXAMPLE_GRAPH,
  type FolderChanges,
  merge,
  withFolder,
  writeModelFolder,
} from "./test-model-folder.ts";

test("a correct model loads with all that an engine needs", async (t) => {
  await withFolder(async (root) => {
    await writeModelFolder(root, "folder");
    const repository = await openRepository(root, { intraOpThreads: 3 });
    t.deepEqual(repository.problems, []);
    t.is(repository.defaultModel, "example");
    const model = repository.models.get("example");
    t.is(model?.sha256, model?.manifest.score.sha256);
    t.deepEqual(model?.shape, { channels: 3, height: 4, width: 4 });
    t.is(model?.process.kind, "vp");
    t.deepEqual(model?.parameterization, {
      output: "score",
      timeInput: "t",
      inputScaling: "none",
      integerTime: false,
    });
    t.deepEqual(model?.graphs.get("score"), {
      key: model?.sha256,
      path: join(root, "folder", "score.onnx"),
      inputName: "x",
      inputType: "float32",
      timeName: "t",
      timeType: "float32",
      outputName: "score",
      outputType: "float32",
      outputChannels: 3,
      channels: 3,
      height: 4,
      width: 4,
      intraOpThreads: 3,
    });
  });
});

test("the shipped models load without a problem", async (t) => {
  // Compiled, this file is dist/server/models/repository.test.js.
  const { models, problems } = await openRepository(
    fileURLToPath(new URL("../../../models", import.meta.url)),
  );
  t.deepEqual(problems, []);
  const oracles = [...models.values()].filter(({ manifest }) => manifest.oracle !== undefined);
  t.deepEqual(
    oracles.map(({ process }) => process.kind),
    ["subvp", "ve", "vp"],
  );
});

test("a manifest's own eps are the process's", async (t) => {
  await withFolder(async (root) => {
    await writeModelFolder(root, "folder", {
      manifest: merge("", { samplingEps: 0.002, likelihoodEps: 0.003 }),
    });
    const { models } = await openRepository(root);
    const process = models.get("example")?.process;
    t.deepEqual([process?.samplingEps, process?.likelihoodEps], [0.002, 0.003]);
  });
});

test("an integer time input and dropped output channels reach the engine", async (t) => {
  await withFolder(async (root) => {
    await writeModelFolder(root, "folder", {
      graph: {
        inputs: { x: ["float32", ["N", 3, 4, 4]], t: ["int64", ["N"]] },
        outputs: { score: ["float32", ["N", 6, 4, 4]] },
      },
      manifest: (json) => {
        merge("", { levels: 1000 })(json);
        merge("score.time", { kind: "step", type: "int64" })(json);
        merge("score.output", { kind: "noise", channels: 6 })(json);
      },
    });
    const { models, problems } = await openRepository(root);
    t.deepEqual(problems, []);
    const model = models.get("example");
    t.is(model?.graphs.get("score")?.timeType, "int64");
    t.is(model?.graphs.get("score")?.outputChannels, 6);
    t.is(model?.parameterization.integerTime, true);
    t.is(model?.parameterization.levels, 1000);
  });
});

test("the second of two folders with one name is left out", async (t) => {
  await withFolder(async (root) => {
    await writeModelFolder(root, "a");
    await writeModelFolder(root, "b");
    const { models, problems } = await openRepository(root);
    t.is(models.get("example")?.graphs.get("score")?.path, join(root, "a", "score.onnx"));
    t.deepEqual(problems, [
      {
        model: "example",
        message:
          'b/model.json: name: seen "example", expected a name other than that of the folder a',
        file: "b/model.json",
        field: "name",
      },
    ]);
  });
});

test("the default model is the first by name unless one is asked for", async (t) => {
  await withFolder(async (root) => {
    const named = (name: string): FolderChanges => ({ manifest: merge("", { name }) });
    await writeModelFolder(root, "1", named("zebra"));
    await writeModelFolder(root, "2", named("ant"));
    const first = await openRepository(root);
    t.deepEqual([...first.models.keys()], ["ant", "zebra"]);
    t.is(first.defaultModel, "ant");
    const chosen = await openRepository(root, { defaultModel: "zebra" });
    t.is(chosen.defaultModel, "zebra");
    t.deepEqual(chosen.problems, []);
    const unknown = await openRepository(root, { defaultModel: "bee" });
    t.deepEqual(
      unknown.problems.map(({ message }) => message),
      ['default model: seen "bee", expected one of those that serve: ant, zebra'],
    );
  });
});

test("folders that are no models and files are passed over", async (t) => {
  await withFolder(async (root) => {
    await writeModelFolder(root, "model");
    await mkdir(join(root, "sources"));
    await writeModelFolder(root, ".", {
      files: { "model.json": null, "score.onnx": null, "README.md": "" },
    });
    const { models, problems } = await openRepository(root);
    t.deepEqual(problems, []);
    t.is(models.size, 1);
  });
});

test("a folder of models that is not there is a problem, not a crash", async (t) => {
  const { models, problems, defaultModel } = await openRepository("/no/such/folder");
  t.is(models.size, 0);
  t.is(defaultModel, "");
  t.deepEqual(problems, [{ model: "", message: "/no/such/folder: expected a folder of models" }]);
});

test("links inside the folder are followed, links out of it refused", async (t) => {
  await withFolder(async (root) => {
    await writeModelFolder(root, "a", { files: { "score.onnx": null } });
    await writeModelFolder(root, "elsewhere", { files: { "model.json": null } });
    await symlink(join(root, "elsewhere", "score.onnx"), join(root, "a", "score.onnx"));
    const { models, problems } = await openRepository(root);
    t.is(models.size, 0);
    t.regex(
      problems[0]?.message ?? "",
      /score\.file: seen "score\.onnx", a link out of the folder/,
    );
  });
  await withFolder(async (root) => {
    await writeModelFolder(root, "a", { graph: EXAMPLE_GRAPH });
    await symlink(join(root, "a"), join(root, "b"));
    const { problems } = await openRepository(root);
    t.is(problems.length, 1); // the name, twice
    t.is(problems[0]?.field, "name");
  });
});
