import {
  bytesOf,
  type CodeCall,
  inputFiles,
  isCase,
  isValues,
  saidBy,
  type Value,
  type Values,
} from "./request-values.ts";

/** What each kind of job is read for. */
const RESULTS: Readonly<Record<CodeCall["$case"], string>> = {
  sample: "images",
  decode: "images",
  interpolate: "images",
  encode: "latents",
  logLikelihood: "likelihoods",
};

/** Fields that are about how this page shows a job. */
const OF_THE_PAGE = ["preview", "format"];

/** The functions of the client that make conditions, by the contract's names. */
const CONDITIONS: Readonly<Record<string, string>> = {
  classLabel: "ofClass",
  inpaint: "inpaint",
  colorize: "colorize",
  superResolve: "superResolve",
};

const WRITE_IMAGES =
  'for (const [i, { data }] of images.entries()) await writeFile("sample-" + i + ".png", data);';

/** A program of the TypeScript client that asks the same. @param address of the server's WebSocket, such as ws://127.0.0.1:8080 */
export function toTypeScript(call: CodeCall, address: string): string {
  const said = saidBy(call, OF_THE_PAGE);
  const names = new Map(inputFiles(said).map(({ name, bytes }) => [bytes, name]));
  const write = new Writer(names);
  const { condition, ...fields } = said;
  const made = isValues(condition) ? write.condition(condition) : undefined;
  const results = RESULTS[call.$case];
  const isArc = call.$case === "interpolate";
  const imported = [isArc ? "interpolate" : made?.function].filter((name) => name !== undefined);
  const request = write.object(fields, "", made === undefined ? [] : [["condition", made.text]]);
  const answer = isArc
    ? write.interpolation(said)
    : `client.${call.$case}(${request}).${results}()`;
  const usesFiles = [...(names.size > 0 ? ["readFile"] : [])];
  if (results === "images") usesFiles.push("writeFile");
  return [
    ...(usesFiles.length > 0
      ? [`import { ${usesFiles.join(", ")} } from "node:fs/promises";`]
      : []),
    `import { ${["connect", ...imported].join(", ")} } from "scorestream-client";`,
    "",
    `const client = connect("${address}");`,
    `const ${results} = await ${answer};`,
    results === "images" ? WRITE_IMAGES : `console.log(${results});`,
    "await client.close();",
    "",
  ].join("\n");
}

class Writer {
  readonly #names: ReadonlyMap<Uint8Array, string>;

  constructor(names: ReadonlyMap<Uint8Array, string>) {
    this.#names = names;
  }

  /** @param more entries that are code already */
  object(
    values: Values,
    indent: string,
    more: readonly (readonly [name: string, code: string])[] = [],
  ): string {
    const inner = `${indent}  `;
    const entries = [
      ...Object.entries(values).map(
        ([name, value]) => [name, this.#literal(value, inner)] as const,
      ),
      ...more,
    ];
    if (entries.length === 0) return "{}";
    return `{\n${entries.map(([name, code]) => `${inner}${name}: ${code},\n`).join("")}${indent}}`;
  }

  /** A call of the client's `interpolate`. */
  interpolation({ images, ...fields }: Values): string {
    const ends = Array.isArray(images) ? images.map((image) => this.#literal(image, "")) : [];
    return `interpolate(${["client", ...ends, this.object(fields, "")].join(", ")})`;
  }

  condition({
    condition,
  }: Values): { readonly function: string; readonly text: string } | undefined {
    if (!isCase(condition)) return undefined;
    const name = CONDITIONS[condition.$case] ?? condition.$case;
    const { gray, lowResolution, factor, classLabel, ...rest } = condition.value;
    if (gray !== undefined)
      return { function: name, text: `${name}(${this.#literal(gray, "  ")})` };
    if (lowResolution !== undefined) {
      const text = `${name}(${this.#literal(lowResolution, "  ")}, ${this.#literal(factor ?? 4, "")})`;
      return { function: name, text };
    }
    const options = classLabel === undefined ? rest : { ...rest, class: classLabel };
    return { function: name, text: `${name}(${this.object(options, "  ")})` };
  }

  #literal(value: Value, indent: string): string {
    const bytes = bytesOf(value);
    if (bytes !== undefined) return `await readFile("${this.#names.get(bytes) ?? "picture.png"}")`;
    if (typeof value === "bigint") return `${value}n`;
    if (Array.isArray(value)) {
      return `[${value.map((item) => this.#literal(item, indent)).join(", ")}]`;
    }
    return isValues(value) ? this.object(value, indent) : JSON.stringify(value);
  }
}
