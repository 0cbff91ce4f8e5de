import { Command } from "commander";
import { runServerProgram } from "../server-program.ts";

export const serve: Command = new Command("serve")
  .description("Starts a server; every flag is the server's own, and so is --help.")
  .helpOption(false)
  .allowUnknownOption()
  .allowExcessArguments()
  .action((_flags: unknown, command: Command) => runServerProgram("server/main.js", command.args));
