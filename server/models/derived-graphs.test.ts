import test, { type ExecutionContext } from "ava";
import type { Derivation, DeriveAnswer } from "../../worker/protocol.ts";
import { ServerError } from "../errors.ts";
import { MODELS } from "../testing/start-engine.ts";
import { type DerivedGraphsOptions, withDerivedGraphs } from "./derived-graphs.ts";
import { graphOf, type Model } from "./model.ts";
import { openRepository } from "./repository.ts";

/** What was asked for, as `graph` or `graph rewritten`; the files of which refuse are none. */
async function asked(
  t: ExecutionContext,
  options: Omit<DerivedGraphsOptions, "cache">,
  refuses: (name: string) => boolean = () => false,
): Promise<{ readonly names: readonly string[]; readonly model: Model }> {
  const { models } = await openRepository(MODELS, { intraOpThreads: 1 });
  const bare = models.get("color-digits");
  if (bare === undefined) throw new Error("no model color-digits");
  const names: string[] = [];
  const derive = (derivation: Derivation): DeriveAnswer => {
    const name = `${derivation.graph}${derivation.rewrite === true ? " rewritten" : ""}`;
    names.push(name);
    // Every graph is made of the files themselves, never of one that was rewritten.
    t.is(derivation.score.path, graphOf(bare, "score").path);
    if (refuses(name)) throw new ServerError("capability-missing", `no ${name}`);
    return { ok: true, key: `key of ${name}`, path: `${name}.onnx`, error: 0 };
  };
  const model = await withDerivedGraphs(
    bare,
    ({ derivation }) => Promise.resolve(derivation).then(derive),
    { cache: "", ...options },
  );
  return { names, model };
}

const pathsOf = ({ graphs }: Model) => [...graphs.values()].map(({ path }) => path);

test("on CPUs the network and all that is derived from it is rewritten", async (t) => {
  const { names, model } = await asked(t, { rewrite: true });
  t.deepEqual(names, ["score rewritten", "jvp rewritten", "guided rewritten"]);
  t.deepEqual(
    pathsOf(model),
    names.map((name) => `${name}.onnx`),
  );
  t.is(model.graphs.get("score")?.key, "key of score rewritten");
});

test("elsewhere nothing is", async (t) => {
  const { names, model } = await asked(t, { rewrite: false });
  t.deepEqual(names, ["jvp", "guided"]);
  t.regex(pathsOf(model)[0] ?? "", /color-digits.score\.onnx$/);
});

test("a graph that can't be rewritten is told, and served as it is", async (t) => {
  const told: string[] = [];
  const onUnrewritten = (graph: string, reason: string) => void told.push(`${graph}: ${reason}`);
  const { names, model } = await asked(t, { rewrite: true, onUnrewritten }, (name) =>
    ["score rewritten", "jvp rewritten"].includes(name),
  );
  t.deepEqual(names, ["score rewritten", "jvp rewritten", "jvp", "guided rewritten"]);
  t.deepEqual(told, ["score: no score rewritten", "jvp: no jvp rewritten"]);
  t.deepEqual(pathsOf(model).slice(1), ["jvp.onnx", "guided rewritten.onnx"]);
  t.regex(pathsOf(model)[0] ?? "", /color-digits.score\.onnx$/);
  t.is(model.missingGraphs.size, 0);
});

test("a graph that can't be derived at all is missing, with the reason", async (t) => {
  const { model } = await asked(t, { rewrite: true }, (name) => name.startsWith("jvp"));
  t.deepEqual([...model.missingGraphs], [["jvp", "no jvp"]]);
  t.deepEqual([...model.graphs.keys()], ["score", "guided"]);
});
