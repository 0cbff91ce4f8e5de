import { open, realpath, rm, stat } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { standardOpset } from "../onnx/graph.ts";
import {
  type DifferentiationPath,
  type OnnxModel,
  signatureOf,
  type ValueSignature,
  writeModel,
} from "../onnx/index.ts";
import { signatureText } from "./chosen-value.ts";
import { DERIVATIVE_TOLERANCE, type DerivativeProof } from "./derivative-proof.ts";
import { type FileDerivation, planned } from "./derive-file-plan.ts";
import { writeWhole } from "./derived-files.ts";
import { readNetwork } from "./read-network.ts";

export interface DeriveFileOptions {
  /** undefined: beside the network, `model.jvp.onnx` for `model.onnx`. */
  readonly output: string | undefined;
  /** Whether a file that exists is overwritten; never one of those read. */
  readonly force: boolean;
  /** Lengths, in the proof, of dimensions known at run time, by name; of a first one 4 where it has none. */
  readonly dims: Readonly<Record<string, number>>;
}

/** What was written. */
export interface DerivedFile {
  readonly file: string;
  readonly mode: FileDerivation["mode"];
  /** The files read, and the path through the last of them that was differentiated. */
  readonly from: DifferentiationPath & { readonly files: readonly string[] };
  readonly opset: number;
  readonly inputs: readonly ValueSignature[];
  readonly outputs: readonly ValueSignature[];
  /** Nodes of the files read, and of the one written. */
  readonly nodes: { readonly source: number; readonly derived: number };
  readonly bytes: number;
  readonly proof: {
    /** Against central differences, relative. */
    readonly error: number;
    /** Of what the source computes too, relative. */
    readonly valueError: number;
    readonly tolerance: number;
  };
}

/**
 * Derives a network's file, compares the result with central differences, and writes it, with all weights inside.
 *
 * @throws Error, with a message for the user, where nothing was written: a file that can't be read or written or that
 *   exists, a value that is not there or not clear, a graph that can't be differentiated or that fails the comparison
 */
export async function deriveFile(
  derivation: FileDerivation,
  { output, force, dims }: DeriveFileOptions,
): Promise<DerivedFile> {
  const files = [derivation.network.path];
  if (derivation.mode === "guided") files.push(derivation.classifier.path);
  const file = output ?? besideName(derivation);
  await checkTarget(file, files, force);
  const sources: OnnxModel[] = [];
  const { path, derived, prove } = await planned(derivation, async (name) => {
    const model = await readSource(name);
    sources.push(model);
    return model;
  });
  checkDims(sources, dims);
  const bytes = writeModel(derived);
  checkSize(bytes.length);
  const proof = await prove(bytes, { dims });
  if (!proof.accepted) throw refused(proof);
  await (force ? writeWhole(file, bytes) : writeNew(file, bytes));
  const { error, valueError } = proof;
  return {
    file,
    mode: derivation.mode,
    from: { input: path.input, output: path.output, files },
    opset: standardOpset(derived),
    ...signatureOf(derived),
    nodes: {
      source: sources.reduce((sum, { graph }) => sum + graph.node.length, 0),
      derived: derived.graph.node.length,
    },
    bytes: bytes.length,
    proof: { error, valueError, tolerance: DERIVATIVE_TOLERANCE },
  };
}

function besideName({ mode, network: { path } }: FileDerivation): string {
  const extension = extname(path);
  const name = mode === "label-grad" ? "grad" : mode;
  return join(dirname(path), `${basename(path, extension)}.${name}.onnx`);
}

/** Before any work: that the file can be written. */
async function checkTarget(
  file: string,
  sources: readonly string[],
  force: boolean,
): Promise<void> {
  const seen = await stat(file).catch(() => undefined);
  if (seen === undefined) {
    const folder = await stat(dirname(file)).catch(() => undefined);
    if (folder?.isDirectory()) return;
    throw new RangeError(`${file}: there is no folder ${dirname(file)}`);
  }
  if (!seen.isFile()) throw new RangeError(`${file} is no file that could be overwritten`);
  const real = await realpath(file);
  for (const source of sources) {
    if ((await realpath(source).catch(() => undefined)) === real) {
      throw new RangeError(`${file} is what is to be read: --output names another file`);
    }
  }
  if (force) return;
  throw new RangeError(`${file} exists: --force overwrites it, --output names another file`);
}

/** Writes a file that did not exist a moment ago; if one does by now, it stays as it is. */
async function writeNew(file: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(file, "wx");
  try {
    await handle.writeFile(bytes);
  } catch (error) {
    await rm(file);
    throw error;
  } finally {
    await handle.close();
  }
}

async function readSource(path: string): Promise<OnnxModel> {
  try {
    return (await readNetwork(path)).model;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new RangeError(`can't read ${path}: ${message}`, { cause: error });
  }
}

/** That the proof can give each dimension a length: the first one has a default. */
function checkDims(sources: readonly OnnxModel[], dims: Readonly<Record<string, number>>): void {
  const inputs = sources.flatMap((model) => signatureOf(model).inputs);
  const names = new Set(inputs.flatMap(({ shape }) => shape ?? []));
  const misnamed = Object.keys(dims).find((name) => !names.has(name));
  if (misnamed !== undefined) {
    const list = inputs.map(signatureText).join(", ");
    throw new RangeError(`--dim: no dimension ${misnamed} in ${list}`);
  }
  for (const input of inputs) {
    // "": a dimension without a name.
    const names = (input.shape?.slice(1) ?? [""]).map((dim) => dim ?? "");
    const open = names.find((dim) => typeof dim === "string" && !(dim in dims));
    if (open === undefined) continue;
    const advice =
      open === ""
        ? "a dimension after the first has neither length nor name: declare it, by onnx.tools.update_model_dims"
        : `the length of ${open} is not known: --dim ${open}=LENGTH gives one for the proof`;
    throw new RangeError(`${signatureText(input)}: ${advice}`);
  }
}

/** ONNX files are protobuf messages, which end at 2 GiB. */
function checkSize(bytes: number): void {
  if (bytes < 2 ** 31) return;
  throw new RangeError(
    `the derived file would have ${bytes} bytes; ONNX files have less than 2 GiB`,
  );
}

function refused({ error, valueError }: DerivativeProof): RangeError {
  return new RangeError(
    `not written: the derived graph differs from central differences by ${error.toExponential(1)}, ` +
      `in its values by ${valueError.toExponential(1)}; at most ${DERIVATIVE_TOLERANCE} is accepted`,
  );
}
