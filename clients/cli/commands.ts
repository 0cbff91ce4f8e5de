import type { Command } from "commander";

/** What a command does, and how its code is loaded: none waits for the libraries of another. */
export interface Entry {
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

/** A command is a file of commands/ and a row of this table. */
export const COMMANDS: Readonly<Record<string, Entry>> = {
  serve: {
    summary: "starts a server",
    load: async () => (await import("./commands/serve.ts")).serve,
  },
  models: {
    summary: "lists the models that a server has",
    load: async () => (await import("./commands/models.ts")).models,
  },
  sample: {
    summary: "draws pictures",
    load: async () => (await import("./commands/sample.ts")).sample,
  },
  inpaint: {
    summary: "fills the unknown part of a picture",
    load: async () => (await import("./commands/inpaint.ts")).inpaint,
  },
  colorize: {
    summary: "draws colours for a gray picture",
    load: async () => (await import("./commands/colorize.ts")).colorize,
  },
  upscale: {
    summary: "draws large pictures for a small one",
    load: async () => (await import("./commands/upscale.ts")).upscale,
  },
  encode: {
    summary: "pictures to latents",
    load: async () => (await import("./commands/encode.ts")).encode,
  },
  decode: {
    summary: "latents to pictures",
    load: async () => (await import("./commands/decode.ts")).decode,
  },
  interpolate: {
    summary: "draws the pictures between two",
    load: async () => (await import("./commands/interpolate.ts")).interpolate,
  },
  likelihood: {
    summary: "how likely the model finds pictures, in bits per dimension",
    load: async () => (await import("./commands/likelihood.ts")).likelihood,
  },
  upload: {
    summary: "stores files at the server, for later commands",
    load: async () => (await import("./commands/upload.ts")).upload,
  },
  watch: {
    summary: "follows a job that was left with --detach",
    load: async () => (await import("./commands/watch.ts")).watch,
  },
  cancel: {
    summary: "ends a job",
    load: async () => (await import("./commands/cancel.ts")).cancel,
  },
  derive: {
    summary: "derivatives of an ONNX model as an ONNX file, proved; needs no server",
    load: async () => (await import("./commands/derive.ts")).derive,
  },
  doctor: {
    summary: "what networks can run on here, why not on the rest, and how fast each model is",
    load: async () => (await import("./commands/doctor.ts")).doctor,
  },
  completion: {
    summary: "prints what makes Tab complete, for bash, zsh and fish",
    load: async () => (await import("./commands/completion.ts")).completion,
  },
};
