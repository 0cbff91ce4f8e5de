import { readFile } from "node:fs/promises";
import { basename, extname } from "node:path";
import { buffer } from "node:stream/consumers";
import { UsageError } from "../exit-codes.ts";

/** A file that a command reads; `-` is stdin. */
export interface Input {
  /** As it was named on the command line, for messages. */
  readonly path: string;
  /** Of the file without its folder and extension, for the names of what is made of it. */
  readonly name: string;
  readonly bytes: Buffer;
  /** Of what the server has already; then there are no bytes. */
  readonly uploadId?: string;
}

/** What `scorestream upload` prints before an id, and other commands take in a file's place. */
export const UPLOAD_PREFIX = "upload:";

/** @throws UsageError where stdin is named twice; Error where a file can't be read */
export async function readInputs(paths: readonly string[]): Promise<Input[]> {
  if (paths.filter((path) => path === "-").length > 1) {
    throw new UsageError("seen - twice, expected it once: stdin has one file");
  }
  const inputs: Input[] = [];
  for (const path of paths) inputs.push(await readInput(path));
  return inputs;
}

export async function readInput(path: string): Promise<Input> {
  if (path.startsWith(UPLOAD_PREFIX)) return uploaded(path);
  if (path === "-") return { path, name: "stdin", bytes: await readStdin() };
  try {
    return { path, name: basename(path, extname(path)), bytes: await readFile(path) };
  } catch (error) {
    throw new Error(`can't read ${path}: ${reason(error)}`, { cause: error });
  }
}

function uploaded(path: string): Input {
  const uploadId = path.slice(UPLOAD_PREFIX.length);
  if (!/^[0-9a-f]{64}$/.test(uploadId)) {
    const expected = `${UPLOAD_PREFIX} and 64 hexadecimal digits, as \`scorestream upload\` prints it`;
    throw new UsageError(`seen ${JSON.stringify(path)}, expected ${expected}`);
  }
  return { path, name: uploadId.slice(0, 8), bytes: Buffer.alloc(0), uploadId };
}

async function readStdin(): Promise<Buffer> {
  if (process.stdin.isTTY) throw new UsageError("-: seen a terminal, expected a file on stdin");
  return await buffer(process.stdin);
}

/** Such as "ENOENT: no such file or directory". */
export function reason(error: unknown): string {
  return error instanceof Error ? (error.message.split(", ")[0] ?? "") : String(error);
}
