import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { keepNetwork } from "./kept-files.ts";
import { readModels } from "./repository.ts";
import { sha256, withFolder, writeModelFolder } from "./test-model-folder.ts";

const entry = (file: string, text: string) => ({ file, sha256: sha256(text) });

test("a network's files are copied as they lie, once, whatever becomes of them", async (t) => {
  await withFolder(async (root) => {
    const [folder, cache] = [join(root, "m"), join(root, "cache")];
    await mkdir(join(folder, "weights"), { recursive: true });
    await writeFile(join(folder, "score.onnx"), "graph");
    await writeFile(join(folder, "weights", "w.bin"), "weights");
    const network = {
      ...entry("score.onnx", "graph"),
      externalData: [entry("weights/w.bin", "weights")],
    };
    const path = await keepNetwork(folder, "score", network, cache);
    if (typeof path !== "string") return t.fail(path.message);
    await writeFile(join(folder, "score.onnx"), "another");
    t.is(await readFile(path, "utf8"), "graph");
    t.is(await readFile(join(path, "../weights/w.bin"), "utf8"), "weights");
    // It is there already: the folder's files are not looked at.
    t.is(await keepNetwork(folder, "score", network, cache), path);
    // One that was damaged is not: and what would mend it has changed.
    await writeFile(path, "cut o");
    const finding = await keepNetwork(folder, "score", network, cache);
    t.like(finding, { file: "model.json", field: "score.file" });
    await writeFile(join(folder, "score.onnx"), "graph");
    t.is(await keepNetwork(folder, "score", network, cache), path);
    t.is(await readFile(path, "utf8"), "graph");
  });
});

test("the same graph with other weights is another network", async (t) => {
  await withFolder(async (root) => {
    const paths = new Set<unknown>();
    for (const weights of ["one", "two"]) {
      await writeFile(join(root, "score.onnx"), "graph");
      await writeFile(join(root, "w.bin"), weights);
      const network = { ...entry("score.onnx", "graph"), externalData: [entry("w.bin", weights)] };
      paths.add(await keepNetwork(root, "score", network, join(root, "cache")));
    }
    t.is(paths.size, 2);
  });
});

test("where no copy can be kept, the folder's own files are opened, and it is told", async (t) => {
  await withFolder(async (root) => {
    await writeModelFolder(root, "m");
    const cache = join(root, "m", "model.json", "no folder");
    const errors: unknown[] = [];
    const { models, problems } = await readModels(root, {
      cache,
      onUnkept: (error) => errors.push(error),
    });
    t.deepEqual(problems, []);
    t.is(models.get("example")?.graphs.get("score")?.path, join(root, "m", "score.onnx"));
    t.is(errors.length, 1);
  });
});
