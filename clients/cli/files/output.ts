import { existsSync, statSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, extname, join } from "node:path";
import { Option } from "commander";
import { ImageFormat } from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { UsageError } from "../exit-codes.ts";
import { choiceOption, textOption, wrong } from "../flags/option.ts";
import { reason } from "./input.ts";

/** What a file holds: a picture, or float32[channels, height, width] as numpy has it or bare. */
export const FORMATS = ["png", "jpeg", "webp", "npy", "raw"] as const;

export type FileFormat = (typeof FORMATS)[number];

const BY_EXTENSION: Readonly<Record<string, FileFormat>> = {
  ".png": "png",
  ".jpg": "jpeg",
  ".jpeg": "jpeg",
  ".webp": "webp",
  ".npy": "npy",
  ".f32": "raw",
};
const EXTENSION: Readonly<Record<FileFormat, string>> = {
  png: ".png",
  jpeg: ".jpg",
  webp: ".webp",
  npy: ".npy",
  raw: ".f32",
};

/** What is asked of the server for a file of each format. */
export const IMAGE_FORMAT: Readonly<Record<FileFormat, ImageFormat>> = {
  png: ImageFormat.IMAGE_FORMAT_PNG,
  jpeg: ImageFormat.IMAGE_FORMAT_JPEG,
  webp: ImageFormat.IMAGE_FORMAT_WEBP,
  npy: ImageFormat.IMAGE_FORMAT_RAW_FLOAT32,
  raw: ImageFormat.IMAGE_FORMAT_RAW_FLOAT32,
};

export interface OutputFlags {
  readonly out?: string;
  readonly format?: FileFormat;
  readonly force?: boolean;
}

export const OUTPUT_OPTIONS: readonly (() => Option)[] = outputOptions(FORMATS);
/** Of numbers that are no picture. */
export const LATENT_OUTPUT_OPTIONS: readonly (() => Option)[] = outputOptions(["npy", "raw"]);

function outputOptions(formats: readonly FileFormat[]): readonly (() => Option)[] {
  return [
    textOption("-o, --out <file>", "pattern with {row}, {name}, {seed}; a folder; or - for stdout"),
    choiceOption("--format <name>", "left out: by the extension of --out", formats),
    () => new Option("--force", "overwrites files"),
  ];
}

/** What the words in braces of a pattern stand for. */
export interface Fields {
  /** From 0. */
  readonly row: number;
  /** Of the input's file. */
  readonly name: string;
  readonly seed: string;
}

export interface OutputRules {
  /** Where --out is left out or a folder; without extension. */
  readonly pattern: string;
  /** Of the results; undefined: not known yet. */
  readonly count: number | undefined;
  /** What --out may have in braces. */
  readonly words: readonly (keyof Fields)[];
  /** The first one is the usual one; left out: all, PNG. */
  readonly formats?: readonly FileFormat[];
}

/** Where results go. */
export class Output {
  readonly format: FileFormat;
  /** All results in one file of [count, channels, height, width]: a pattern of numbers without {row} and {name}. */
  readonly isStacked: boolean;
  readonly #pattern: string;
  readonly #force: boolean;

  /**
   * @throws UsageError
   */
  constructor(
    { out, format, force = false }: OutputFlags,
    { pattern, count, words, formats = FORMATS }: OutputRules,
  ) {
    const told = out === undefined || out === "-" || isFolder(out) ? undefined : extname(out);
    this.format = formatOf(told, format, formats);
    const name = `${pattern}${EXTENSION[this.format]}`;
    this.#pattern = out === undefined ? name : isFolder(out) ? join(out, name) : out;
    this.#force = force;
    for (const [word] of this.#pattern.matchAll(/\{[^}]*\}/g)) {
      if (words.some((known) => word === `{${known}}`)) continue;
      throw wrong("--out", word, `{${words.join("}, {")}}`);
    }
    const isOne = !/\{(row|name)\}/.test(this.#pattern);
    this.isStacked = isOne && count !== 1 && (this.format === "npy" || this.format === "raw");
    if (isOne && !this.isStacked && (count ?? 1) > 1) {
      throw wrong("--out", this.#pattern, `a pattern with {row} for ${count} results`);
    }
    if (this.isStdout && process.stdout.isTTY) {
      throw new UsageError("--out: seen - on a terminal, expected a file or a pipe");
    }
  }

  get isStdout(): boolean {
    return this.#pattern === "-";
  }

  pathOf(fields: Fields): string {
    // All at once: a name may have braces of its own.
    return this.#pattern.replaceAll(/\{(row|name|seed)\}/g, (_, word: keyof Fields) =>
      String(fields[word]),
    );
  }

  /** Before a job is begun. @throws Error where a file would be overwritten, UsageError where two have one name */
  check(all: readonly Fields[]): void {
    if (this.isStdout) return;
    const paths = all.map((fields) => this.pathOf(fields));
    const seen = new Set<string>();
    const twice = paths.find((path) => seen.size === seen.add(path).size);
    if (twice !== undefined && !this.isStacked) {
      throw wrong(
        "--out",
        this.#pattern,
        `a pattern with {row}: ${twice} would hold several results`,
      );
    }
    const there = this.#force ? undefined : paths.find((path) => existsSync(path));
    if (there !== undefined)
      throw new Error(`${there} exists: --force overwrites it, --out names another`);
  }

  /** @returns the path. @throws Error where the file exists or can't be written */
  async write(fields: Fields, bytes: Uint8Array): Promise<string> {
    if (this.isStdout) {
      process.stdout.write(bytes);
      return "-";
    }
    const path = this.pathOf(fields);
    try {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, bytes, { flag: this.#force ? "w" : "wx" });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") {
        throw new Error(`${path} exists: --force overwrites it, --out names another`);
      }
      throw new Error(`can't write ${path}: ${reason(error)}`, { cause: error });
    }
    return path;
  }
}

function isFolder(out: string): boolean {
  return out.endsWith("/") || statSync(out, { throwIfNoEntry: false })?.isDirectory() === true;
}

function formatOf(
  extension: string | undefined,
  format: FileFormat | undefined,
  formats: readonly FileFormat[],
): FileFormat {
  const [usual = "png"] = formats;
  if (extension === undefined) return format ?? usual;
  const own = BY_EXTENSION[extension.toLowerCase()];
  if (format !== undefined && (own === undefined || own === format)) return format;
  if (own === undefined || format !== undefined || !formats.includes(own)) {
    const right = formats.map((name) => EXTENSION[name]).join(", ");
    throw wrong(
      "--out",
      extension,
      format === undefined
        ? `the extension ${right}`
        : `${EXTENSION[format]} for --format ${format}`,
    );
  }
  return own;
}
