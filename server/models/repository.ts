import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { loadModel } from "./load-model.ts";
import type { Model } from "./model.ts";
import { MANIFEST_FILE, type ModelProblem, problemOf } from "./model-problem.ts";

export type { Model } from "./model.ts";
export type { ModelProblem } from "./model-problem.ts";

/** The models of a folder: those that can run by name, and why the others can't. */
export interface Repository {
  /** In the order of their names. */
  readonly models: ReadonlyMap<string, Model>;
  readonly problems: readonly ModelProblem[];
  /** What a request without a name gets; "" where there is none. */
  readonly defaultModel: string;
}

export interface RepositoryOptions {
  /** Name of the default model; "": the first by name. */
  readonly defaultModel?: string;
  /** Threads of one operator; 0: as many as there are cores. */
  readonly intraOpThreads?: number;
}

/**
 * Reads every model below a folder. A sub-folder is a model if it holds a model.json or an ONNX file; others are
 * passed over. A model that is broken in any way is reported and left out; the rest serve. Never throws.
 *
 * @param folder the folder of models
 */
export async function openRepository(
  folder: string,
  { defaultModel = "", intraOpThreads = 0 }: RepositoryOptions = {},
): Promise<Repository> {
  const found = new Map<string, Model>();
  const folders = new Map<string, string>();
  const problems: ModelProblem[] = [];
  const names = await modelFolders(folder);
  if (names === undefined) {
    problems.push({ model: "", message: `${folder}: expected a folder of models` });
  }
  for (const name of names ?? []) {
    const { model, findings, name: stated } = await loadModel(join(folder, name), intraOpThreads);
    problems.push(...findings.map((finding) => problemOf(stated ?? name, name, finding)));
    if (model === undefined) continue;
    const taken = folders.get(model.name);
    if (taken === undefined) {
      folders.set(model.name, name);
      found.set(model.name, model);
    } else {
      const message = `seen "${model.name}", expected a name other than that of the folder ${taken}`;
      problems.push(problemOf(model.name, name, { file: MANIFEST_FILE, field: "name", message }));
    }
  }
  const models = new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
  if (defaultModel !== "" && !models.has(defaultModel)) {
    const known = [...models.keys()].join(", ") || "none";
    const message = `default model: seen "${defaultModel}", expected one of those that serve: ${known}`;
    problems.push({ model: defaultModel, message });
  }
  return { models, problems, defaultModel: defaultModel || ([...models.keys()][0] ?? "") };
}

/** Names of the sub-folders that are models, sorted; undefined where the folder can't be read. */
async function modelFolders(folder: string): Promise<readonly string[] | undefined> {
  const entries = await readdir(folder).catch(() => undefined);
  if (entries === undefined) return undefined;
  const isModel = await Promise.all(
    entries.map(async (name) => {
      const files = await readdir(join(folder, name)).catch(() => []);
      return files.some((file) => file === MANIFEST_FILE || file.endsWith(".onnx"));
    }),
  );
  return entries.filter((_, i) => isModel[i] === true).sort();
}
