import { Command } from "commander";
import { runServerProgram } from "../server-program.ts";

/** It looks at what a server would run on, so it is a program of the server's. */
export const doctor: Command = new Command("doctor")
  .description("Says what networks can run on here and how fast; --help has its flags.")
  .helpOption(false)
  .allowUnknownOption()
  .allowExcessArguments()
  .action((_flags: unknown, command: Command) =>
    runServerProgram("server/doctor/main.js", command.args),
  );
