import { JobOptions_Priority } from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import {
  bytesOf,
  type CodeCall,
  inputFiles,
  isCase,
  isValues,
  saidBy,
  snake,
  type Value,
  type Values,
} from "./request-values.ts";

/** Reads the job for its results, and does something with them. */
const READ: Readonly<Record<CodeCall["$case"], readonly string[]>> = {
  sample: ["for i, image in enumerate(job.images()):", '    image.save(f"sample-{i}.png")'],
  decode: ["for i, image in enumerate(job.images()):", '    image.save(f"sample-{i}.png")'],
  interpolate: ["for i, image in enumerate(images):", '    image.save(f"between-{i}.png")'],
  encode: ["latents = job.latents()"],
  logLikelihood: ["for likelihood in job.likelihoods():", "    print(likelihood.bits_per_dim)"],
};

const OF_THE_PAGE = ["preview", "format"];

/** Messages of the contract that arguments are made of, by the argument's name. */
const MESSAGES: Readonly<Record<string, string>> = {
  sampler: "Sampler",
  options: "JobOptions",
  solver: "ProbabilityFlow",
};

const CONDITIONS: Readonly<Record<string, string>> = {
  classLabel: "of_class",
  inpaint: "inpaint",
  colorize: "colorize",
  superResolve: "super_resolve",
};

/** A program of the Python client that asks the same. @param target of gRPC, such as 127.0.0.1:50051 */
export function toPython(call: CodeCall, target: string): string {
  const said = saidBy(call, OF_THE_PAGE);
  const write = new Writer(new Map(inputFiles(said).map(({ name, bytes }) => [bytes, name])));
  const isArc = call.$case === "interpolate";
  const words = isArc ? write.interpolation(said) : write.arguments(said);
  return [
    `from scorestream import ${["Client", ...write.imported].toSorted().join(", ")}`,
    "",
    `client = Client("${target}")`,
    isArc ? "images = interpolate(" : `job = client.${snake(call.$case)}(`,
    ...words.map((word) => `    ${word},`),
    ")",
    ...READ[call.$case],
    "",
  ].join("\n");
}

class Writer {
  readonly #names: ReadonlyMap<Uint8Array, string>;
  /** Names of the package that were used. */
  readonly imported: Set<string> = new Set();

  constructor(names: ReadonlyMap<Uint8Array, string>) {
    this.#names = names;
  }

  /** Of the client's `interpolate`: the client and both ends, and then by name. */
  interpolation({ images, ...fields }: Values): readonly string[] {
    this.imported.add("interpolate");
    const ends = Array.isArray(images) ? images.map((image) => this.#literal("", image)) : [];
    return ["client", ...ends, ...this.arguments(fields)];
  }

  arguments(values: Values): readonly string[] {
    return Object.entries(values).map(([name, value]) => this.#argument(name, value));
  }

  #argument(name: string, value: Value): string {
    if (name === "condition" && isValues(value)) return `condition=${this.#condition(value)}`;
    const message = MESSAGES[name];
    if (message === undefined || !isValues(value))
      return `${snake(name)}=${this.#literal(name, value)}`;
    this.imported.add(message);
    return `${snake(name)}=${message}(${this.#keywords(value)})`;
  }

  #condition({ condition }: Values): string {
    if (!isCase(condition)) return "None";
    const name = CONDITIONS[condition.$case] ?? snake(condition.$case);
    this.imported.add(name);
    const { label, image, mask, gray, lowResolution, classLabel, ...rest } = condition.value;
    const first = [label, image, mask, gray, lowResolution].filter((each) => each !== undefined);
    const inner = isValues(classLabel) ? classLabel : {};
    const words = this.#keywords({ ...inner, ...rest });
    return `${name}(${[...first.map((each) => this.#literal("", each)), ...(words === "" ? [] : [words])].join(", ")})`;
  }

  #keywords(values: Values): string {
    return this.#entries(values)
      .map(([name, code]) => `${name}=${code}`)
      .join(", ");
  }

  /** A message's fields; a oneof's are the message's own. */
  #entries(values: Values): readonly (readonly [name: string, code: string])[] {
    return Object.entries(values).map(([name, value]) =>
      isCase(value)
        ? [snake(value.$case), this.#literal(value.$case, value.value)]
        : [snake(name), this.#literal(name, value)],
    );
  }

  #literal(name: string, value: Value): string {
    const bytes = bytesOf(value);
    if (bytes !== undefined) return `"${this.#names.get(bytes) ?? "picture.png"}"`;
    if (name === "priority") {
      const named = Object.entries(JobOptions_Priority).find(([, number]) => number === value);
      return JSON.stringify(named?.[0]);
    }
    if (typeof value === "boolean") return value ? "True" : "False";
    if (typeof value === "bigint") return String(value);
    if (Array.isArray(value)) {
      return `[${value.map((item) => this.#literal(name, item)).join(", ")}]`;
    }
    if (!isValues(value)) return JSON.stringify(value);
    const entries = this.#entries(value).map(([field, code]) => `"${field}": ${code}`);
    return `{${entries.join(", ")}}`;
  }
}
