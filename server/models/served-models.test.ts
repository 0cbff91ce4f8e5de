import test from "ava";
import { ServerError } from "../errors.ts";
import { deferred } from "../testing/deferred.ts";
import type { Model } from "./model.ts";
import { openRepository } from "./repository.ts";
import { ServedModels } from "./served-models.ts";
import { merge, withFolder, writeModelFolder } from "./test-model-folder.ts";

/** Models of a folder on a host that opens at once and says what it closed. */
function modelsOf(root: string, refused: (model: Model) => boolean = () => false) {
  const closed: string[] = [];
  const opened: (readonly [name: string, serving: boolean])[] = [];
  const models = new ServedModels({
    read: () => openRepository(root),
    open: async (model, serving) => {
      if (refused(model)) throw new ServerError("internal", "it does not run");
      opened.push([model.name, serving]);
      return model;
    },
    close: async ({ id }) => void closed.push(id),
  });
  return { models, closed, opened };
}

const levels = (count: number) => ({ manifest: merge("", { levels: 1000 + count }) });

test("what a request is checked against stays open until the request has been taken on", async (t) => {
  await withFolder(async (root) => {
    await writeModelFolder(root, "a", levels(1));
    const { models, closed, opened } = modelsOf(root);
    await models.reload();
    const first = models.current.models.get("example");
    const checking = deferred<void>();
    const used = models.use(async (repository) => {
      await checking.promise;
      return repository.models.get("example");
    });
    await writeModelFolder(root, "a", levels(2));
    await models.reload();
    const second = models.current.models.get("example");
    t.not(second?.id, first?.id);
    await writeModelFolder(root, "a", levels(3));
    await models.reload();
    t.deepEqual([closed, models.retiring], [[second?.id], [first]]);
    checking.resolve();
    t.is(await used, first);
    await new Promise((resolve) => setImmediate(resolve));
    t.deepEqual([closed, models.retiring], [[second?.id, first?.id], []]);
    // All but the first are opened while others are served.
    t.deepEqual(
      opened,
      [false, true, true].map((serving) => ["example", serving]),
    );
  });
});

test("a version that comes back is opened anew, beside its own last jobs", async (t) => {
  await withFolder(async (root) => {
    await writeModelFolder(root, "a", levels(1));
    const { models, closed } = modelsOf(root);
    await models.reload();
    const ids: (string | undefined)[] = [];
    const checking = deferred<void>();
    const used = models.use(() => checking.promise);
    for (const count of [1, 2, 1]) {
      await writeModelFolder(root, "a", levels(count));
      await models.reload();
      ids.push(models.current.models.get("example")?.id);
    }
    t.is(new Set(ids).size, 3);
    t.deepEqual(closed, [ids[1]]);
    checking.resolve();
    await used;
  });
});

test("one that does not run is not offered, or leaves what was there; then it is tried again", async (t) => {
  await withFolder(async (root) => {
    await writeModelFolder(root, "a");
    const refused = new Set(["example"]);
    const { models } = modelsOf(root, ({ name }) => refused.has(name));
    const problems = [{ model: "example", message: "it does not run" }];
    t.deepEqual(await models.reload(), { changes: [], problems });
    refused.clear();
    const { changes } = await models.reload();
    t.deepEqual(
      changes.map(({ outcome }) => outcome),
      ["opened"],
    );
    refused.add("example");
    await writeModelFolder(root, "a", levels(2));
    const kept = await models.reload();
    t.deepEqual([kept.changes.map(({ outcome }) => outcome), kept.problems], [["kept"], problems]);
    t.deepEqual(models.current.problems, problems);
  });
});

test("a broken folder of one model does not keep another's", async (t) => {
  await withFolder(async (root) => {
    for (const name of ["a", "b"]) {
      await writeModelFolder(root, name, { manifest: merge("", { name }) });
    }
    const { models } = modelsOf(root);
    await models.reload();
    await writeModelFolder(root, "a", { manifest: "{" });
    await writeModelFolder(root, "b", { manifest: merge("", { name: "c" }) });
    const { changes } = await models.reload();
    t.deepEqual(
      changes.map(({ model, outcome }) => [model, outcome]),
      [
        ["a", "kept"],
        ["b", "removed"],
        ["c", "opened"],
      ],
    );
  });
});
