import { Command, Option } from "commander";
import { readInputs } from "../files/input.ts";
import { pictureSource, type Resize } from "../files/pictures.ts";
import { RESIZE_OPTION } from "../flags/draw.ts";
import { FLOW_OPTIONS, type FlowFlags, flowOf } from "../flags/flow.ts";
import { JOB_OPTIONS, type JobFlags, jobOptionsOf, MODEL_OPTION } from "../flags/job.ts";
import { addOptions, choiceOption, examples, numberOption } from "../flags/option.ts";
import { randomSeed, SEED_OPTION } from "../flags/seed.ts";
import { SERVER_OPTIONS } from "../flags/server.ts";
import { sourcesOf } from "../job/draw-pictures.ts";
import { type FollowFlags, runJob } from "../job/run-job.ts";

interface LikelihoodFlags extends FollowFlags, JobFlags, FlowFlags {
  readonly resize?: Resize;
  readonly probes?: number;
  readonly probe?: string;
  readonly dequantizations?: number;
  readonly importanceWeighted?: boolean;
  readonly seed?: bigint;
}

const command = new Command("likelihood")
  .description("How likely the model finds pictures, in bits per dimension. docs/likelihood.md")
  .argument("<pictures...>", "files, or .npy of exact values; - is stdin")
  .action(async (paths: readonly string[], flags: LikelihoodFlags) => {
    const inputs = await readInputs(paths);
    const { model = "", probe = "", probes = 0, dequantizations = 0, seed = randomSeed() } = flags;
    await runJob(flags, {
      what: "pictures",
      count: inputs.length,
      rowsAreResults: false,
      inputs: paths,
      async begin(session) {
        const sources = sourcesOf(session, flags.resize);
        const images = await Promise.all(inputs.map((input) => pictureSource(input, sources)));
        const request = {
          model,
          images,
          probe,
          probes,
          dequantizations,
          importanceWeighted: flags.importanceWeighted ?? false,
          seed,
          ...flowOf(flags),
          options: jobOptionsOf(flags),
        };
        return session.client.logLikelihood(request, { signal: session.signal });
      },
    });
  });

addOptions(command, "Likelihood:", [
  MODEL_OPTION,
  RESIZE_OPTION,
  choiceOption("--probe <name>", "of the divergence; left out: rademacher", [
    "rademacher",
    "gaussian",
    "exact",
  ]),
  numberOption("--probes <n>", "of each draw; left out: 1", { least: 1 }),
  numberOption("--dequantizations <n>", "draws averaged; left out: 1", { least: 1 }),
  () => new Option("--importance-weighted", "log-mean-exp over the draws in place of their mean"),
  SEED_OPTION,
]);
addOptions(command, "Solver:", FLOW_OPTIONS);
addOptions(command, "Job:", JOB_OPTIONS);

export const likelihood: Command = addOptions(command, "Server:", SERVER_OPTIONS).addHelpText(
  "after",
  examples(
    "scorestream likelihood digit.png",
    "scorestream likelihood a.png b.png --tolerance 1e-3 --dequantizations 4 --json",
  ),
);
