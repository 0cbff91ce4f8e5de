import type { Condition } from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import type { ScoreStreamError } from "../../typescript/core/scorestream-error.ts";
import { RequestFailed } from "../errors.ts";
import type { Input } from "../files/input.ts";
import { IMAGE_FORMAT, Output, type OutputFlags } from "../files/output.ts";
import { REQUEST_BYTES, type Resize, type SourceOptions } from "../files/pictures.ts";
import { type JobFlags, jobOptionsOf } from "../flags/job.ts";
import { wrong } from "../flags/option.ts";
import { type SamplerFlags, samplerOf } from "../flags/sampler.ts";
import { randomSeed } from "../flags/seed.ts";
import { withClient } from "../flags/server.ts";
import { type FollowFlags, runJob, type Session } from "./run-job.ts";

/** Of every command that draws pictures. */
export interface DrawFlags extends FollowFlags, JobFlags, SamplerFlags, OutputFlags {
  readonly count?: number;
  readonly seed?: bigint;
  readonly resize?: Resize;
}

export interface Drawing {
  /** Of the files, without extension, where --out names none. */
  readonly pattern: string;
  /** What is known of the pictures; the first one gives its name to the files. */
  readonly inputs?: readonly Input[];
  readonly condition?: (sources: SourceOptions) => Promise<Condition | undefined>;
}

/** Draws samples under a condition and writes them. @throws UsageError before anything is asked; and as `runJob` */
export async function drawPictures(
  flags: DrawFlags,
  { pattern, inputs = [], condition }: Drawing,
): Promise<void> {
  const { count = 1, seed = randomSeed(), model = "" } = flags;
  const sampler = samplerOf(flags);
  const options = jobOptionsOf(flags);
  const words = inputs.length > 0 ? (["row", "name", "seed"] as const) : (["row", "seed"] as const);
  const output = new Output(flags, { pattern, count, words });
  const name = inputs[0]?.name ?? "";
  const rows = Array.from({ length: count }, (_, row) => ({ row, name, seed: String(seed) }));
  if (!flags.detach) output.check(rows);
  const drawing = runJob(flags, {
    what: count === 1 ? "picture" : "pictures",
    count,
    inputs: inputs.map(({ path }) => path),
    outputFor: () => output,
    nameOf: () => name,
    seed,
    async begin(session) {
      const asked = await condition?.(sourcesOf(session, flags.resize));
      const request = {
        model,
        count,
        seed,
        sampler,
        preview: session.preview,
        format: IMAGE_FORMAT[output.format],
        options,
        ...(asked === undefined ? {} : { condition: asked }),
      };
      return session.client.sample(request, { signal: session.signal });
    },
  });
  await drawing.catch(async (error: unknown) => {
    throw isUnknownSampler(error) ? await unknownSampler(flags, error) : error;
  });
}

/** A name without a plus or "ode-" is sent as that of a fast solver, so the server tells the names of those alone. */
function isUnknownSampler(error: unknown): error is RequestFailed {
  if (!(error instanceof RequestFailed) || error.code !== "invalid-argument") return false;
  const { field = "" } = error.cause as ScoreStreamError;
  return ["sampler.fast.method", "sampler.probability_flow.solver"].includes(field);
}

/** The same with all names that the model has; of a server's own model, those of all. */
async function unknownSampler(flags: DrawFlags, error: RequestFailed): Promise<Error> {
  try {
    const { models } = await withClient(flags, (client) => client.listModels());
    const asked = models.filter(({ name }) => name === flags.model);
    const names = new Set((asked.length > 0 ? asked : models).flatMap((each) => each.samplers));
    return wrong("--sampler", flags.sampler ?? "", `one of ${[...names].join(", ")}`);
  } catch {
    return error; // the server has gone; what it said before stays true
  }
}

export function sourcesOf(
  { client, tenant, signal }: Session,
  resize: Resize | undefined,
): SourceOptions {
  return { client, tenant, signal, resize, room: { bytes: REQUEST_BYTES } };
}
