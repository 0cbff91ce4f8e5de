import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename, join, posix } from "node:path";
import { externalLocations } from "../../onnx/external-data.ts";
import { type OnnxModel, readModel } from "../../onnx/model-file.ts";
import { signatureOf } from "../../onnx/signature.ts";
import { shown } from "../issue-texts.ts";
import { missingCapabilities } from "./capability.ts";
import { checkSignature } from "./check-signature.ts";
import { issueFindings } from "./issue-findings.ts";
import { keepNetwork } from "./kept-files.ts";
import { type Manifest, manifestSchema } from "./manifest.ts";
import type { NumberTable } from "./manifest-process.ts";
import { type Model, modelOf, type NetworkPaths } from "./model.ts";
import { checkFile } from "./model-file.ts";
import { type Finding, fieldFinding, MANIFEST_FILE } from "./model-problem.ts";

/** A model, or everything that is wrong with its folder; its name as far as it could be read. */
export interface LoadedFolder {
  readonly name: string | undefined;
  readonly model: Model | undefined;
  readonly findings: readonly Finding[];
}

export interface LoadOptions {
  /** Threads of one operator; default 0: as many as there are cores. */
  readonly intraOpThreads?: number;
  /** Where copies of networks are kept; default: none are made, and the folder's own files are what is opened. */
  readonly cache?: string;
  /** A copy could not be kept, so that the folder's own files are opened. */
  readonly onUnkept?: (error: unknown) => void;
}

/** Reads a model's folder and checks all of it. Never throws. */
export async function loadModel(folder: string, options: LoadOptions = {}): Promise<LoadedFolder> {
  const read = await readManifest(folder);
  if ("findings" in read) return { name: undefined, model: undefined, findings: read.findings };
  const { manifest, version } = read;
  const score = await checkNetwork(folder, manifest, "score", options);
  const classifier = await checkNetwork(folder, manifest, "classifier", options);
  const tables = await checkTable(folder, manifest);
  const findings = [
    ...missingCapabilities(manifest),
    ...score.findings,
    ...classifier.findings,
    ...tables,
  ];
  const model =
    findings.length === 0 && score.path !== undefined
      ? modelOf(
          manifest,
          { folder: basename(folder), version },
          pathsOf(score.path, classifier.path),
          options.intraOpThreads ?? 0,
        )
      : undefined;
  return { name: manifest.name, model, findings };
}

function pathsOf(score: string, classifier: string | undefined): NetworkPaths {
  return classifier === undefined ? { score } : { score, classifier };
}

interface ReadManifest {
  readonly manifest: Manifest;
  /** The sha256 of its bytes. */
  readonly version: string;
}

async function readManifest(
  folder: string,
): Promise<ReadManifest | { readonly findings: readonly Finding[] }> {
  const failed = (message: string): { findings: Finding[] } => ({
    findings: [{ file: MANIFEST_FILE, message }],
  });
  let json: unknown;
  let version: string;
  try {
    const bytes = await readFile(join(folder, MANIFEST_FILE));
    version = createHash("sha256").update(bytes).digest("hex");
    json = JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    if (error instanceof SyntaxError) return failed(`is not JSON: ${error.message}`);
    return failed("missing or unreadable, expected the model's manifest (docs/models.md)");
  }
  const parsed = manifestSchema.safeParse(json, { reportInput: true });
  if (parsed.success) return { manifest: parsed.data, version };
  return { findings: parsed.error.issues.flatMap(issueFindings) };
}

/** Checks a network's files and what they say against the manifest; gives the ONNX file's path where all is well. */
async function checkNetwork(
  folder: string,
  manifest: Manifest,
  network: "score" | "classifier",
  { cache, onUnkept }: LoadOptions,
): Promise<{ readonly path?: string; readonly findings: readonly Finding[] }> {
  const entry = manifest[network];
  if (entry === undefined) return { findings: [] };
  const checked = await checkFile(folder, network, entry);
  if (!checked.ok) return { findings: [checked.finding] };
  const findings: Finding[] = [];
  for (const [i, file] of entry.externalData.entries()) {
    const data = await checkFile(folder, `${network}.externalData[${i}]`, file);
    if (!data.ok) findings.push(data.finding);
  }
  let { path } = checked;
  if (cache !== undefined && findings.length === 0) {
    try {
      const kept = await keepNetwork(folder, network, entry, cache);
      if (typeof kept !== "string") return { findings: [kept] };
      path = kept;
    } catch (error) {
      onUnkept?.(error);
    }
  }
  try {
    const model = readModel(await readFile(path));
    findings.push(...checkSignature(manifest, network, signatureOf(model)));
    findings.push(...unlistedData(manifest, network, model));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    findings.push({ file: entry.file, message: reason });
  }
  return findings.length === 0 ? { path, findings } : { findings };
}

/** Weights outside the ONNX file that the manifest gives no sha256 for: nothing would tell if they changed. */
function unlistedData(
  manifest: Manifest,
  network: "score" | "classifier",
  model: OnnxModel,
): readonly Finding[] {
  const entry = manifest[network];
  if (entry === undefined) return [];
  const listed = new Set(entry.externalData.map(({ file }) => posix.normalize(file)));
  return externalLocations(model)
    .map((location) => posix.join(posix.dirname(entry.file), location))
    .filter((file) => !listed.has(file))
    .map((file) =>
      fieldFinding(
        `${network}.externalData`,
        `${entry.file} keeps weights in ${shown(file)}, expected it to be listed with its sha256`,
      ),
    );
}

/** The file of a forward process's table, where it is one. */
async function checkTable(
  folder: string,
  { forwardProcess }: Manifest,
): Promise<readonly Finding[]> {
  switch (forwardProcess.kind) {
    case "ddpm":
      return checkNumbers(folder, "forwardProcess.betas", forwardProcess.betas);
    case "smld":
      return checkNumbers(folder, "forwardProcess.sigmas", forwardProcess.sigmas);
    default:
      return [];
  }
}

async function checkNumbers(
  folder: string,
  field: string,
  table: NumberTable,
): Promise<readonly Finding[]> {
  if (!("file" in table)) return [];
  const checked = await checkFile(folder, field, table);
  return checked.ok ? [] : [checked.finding];
}
