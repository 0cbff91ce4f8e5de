import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type LoadOptions, loadModel } from "./load-model.ts";
import type { Model } from "./model.ts";
import { MANIFEST_FILE, type ModelProblem, problemOf } from "./model-problem.ts";

export type { Model } from "./model.ts";
export type { ModelProblem } from "./model-problem.ts";

/** What was found in a folder of models. */
export interface FoundModels {
  /** Those that can run, by name. */
  readonly models: ReadonlyMap<string, Model>;
  /** Why the others can't. */
  readonly problems: readonly ModelProblem[];
}

/** Models that are served together, in the order of their names. */
export interface Repository extends FoundModels {
  /** What a request without a name gets; "" where there is none. */
  readonly defaultModel: string;
}

export interface RepositoryOptions extends LoadOptions {
  /** Name of the default model; "": the first by name. */
  readonly defaultModel?: string;
}

/** Every model below a folder, to be served together; see readModels. Never throws. */
export async function openRepository(
  folder: string,
  { defaultModel = "", ...options }: RepositoryOptions = {},
): Promise<Repository> {
  return repositoryOf(await readModels(folder, options), defaultModel);
}

/** Models to be served together. @param defaultModel name of the default one; "": the first by name */
export function repositoryOf(found: FoundModels, defaultModel: string): Repository {
  const models = new Map([...found.models].sort(([a], [b]) => (a < b ? -1 : 1)));
  const names = [...models.keys()];
  const problems = [...found.problems];
  if (defaultModel !== "" && !models.has(defaultModel)) {
    const known = names.join(", ") || "none";
    const message = `default model: seen "${defaultModel}", expected one of those that serve: ${known}`;
    problems.push({ model: defaultModel, message });
  }
  return { models, problems, defaultModel: defaultModel || (names[0] ?? "") };
}

/**
 * Reads every model below a folder. A sub-folder is a model if it holds a model.json or an ONNX file; others are
 * passed over. A model that is broken in any way is reported and left out. Never throws.
 *
 * @param folder the folder of models
 */
export async function readModels(folder: string, options: LoadOptions = {}): Promise<FoundModels> {
  const found = new Map<string, Model>();
  const folders = new Map<string, string>();
  const problems: ModelProblem[] = [];
  const names = await modelFolders(folder);
  if (names === undefined) {
    problems.push({ model: "", message: `${folder}: expected a folder of models` });
  }
  for (const name of names ?? []) {
    const { model, findings, name: stated } = await loadModel(join(folder, name), options);
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
  return { models: found, problems };
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
