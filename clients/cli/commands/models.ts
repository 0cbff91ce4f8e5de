import { Command } from "commander";
import {
  type HeldOutLikelihood,
  ListModelsResponse,
  type Model,
} from "../../../proto/gen/scorestream/v1/scorestream.ts";
import { explained } from "../errors.ts";
import { UsageError } from "../exit-codes.ts";
import { addOptions, examples } from "../flags/option.ts";
import { SERVER_OPTIONS, type ServerFlags, withClient } from "../flags/server.ts";
import { writeJson } from "../job/json-reporter.ts";

const command = new Command("models")
  .description("Lists the models that a server has; of one, its classes, tasks and samplers.")
  .argument("[name]", "of one model")
  .action(async (name: string | undefined, flags: ServerFlags) => {
    const { models, devices } = await listModels(flags);
    const chosen = name === undefined ? models : models.filter((model) => model.name === name);
    if (name !== undefined && chosen.length === 0) {
      const names = models.map((model) => model.name).join(", ");
      throw new UsageError(`name: seen ${JSON.stringify(name)}, expected one of ${names}`);
    }
    if (flags.json) writeJson(ListModelsResponse.toJSON({ models: chosen, devices }));
    else process.stdout.write(name === undefined ? table(chosen) : chosen.map(details).join(""));
  });

async function listModels(flags: ServerFlags): Promise<ListModelsResponse> {
  try {
    return await withClient(flags, (client) => client.listModels());
  } catch (error) {
    throw explained(error, flags.server);
  }
}

function table(models: readonly Model[]): string {
  const head = ["model", "pictures", "process", "classes", "tasks"];
  const rows = models.map(({ name, shape, forwardProcess, classes, tasks }) => [
    name,
    sizeOf(shape),
    forwardProcess,
    classes.length === 0 ? "-" : String(classes.length),
    tasks.join(", "),
  ]);
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join("");
}

function details(model: Model): string {
  const facts = {
    model: model.name,
    pictures: sizeOf(model.shape),
    process: model.forwardProcess,
    parameters: model.parameters === 0n ? "not told" : String(model.parameters),
    sha256: model.sha256,
    classes: model.classes.join(", ") || "none",
    tasks: model.tasks.join(", "),
    sampler: model.defaultSampler,
    samplers: model.samplers.join(", "),
    ...(model.heldOut === undefined ? {} : { "held out": heldOutOf(model.heldOut) }),
  };
  return Object.entries(facts)
    .map(([title, fact]) => `${title.padEnd(12)}${fact}\n`)
    .join("");
}

function heldOutOf({ mean, low, high, count }: HeldOutLikelihood): string {
  return `${mean} bits/dim, 5 % to 95 %: ${low} to ${high}, of ${count} pictures`;
}

function sizeOf(shape: Model["shape"]): string {
  return shape ? `${shape.width} x ${shape.height} x ${shape.channels}` : "?";
}

export const models: Command = addOptions(command, "Server:", SERVER_OPTIONS).addHelpText(
  "after",
  examples(
    "scorestream models",
    "scorestream models color-digits",
    "scorestream models --json --server 10.0.0.7:50051",
  ),
);
