import { Argument, Command } from "commander";
import { COMPLETION_SCRIPTS } from "../completion-scripts.ts";
import { examples } from "../flags/option.ts";

/** Prints the script that a shell runs at each Tab. */
export const completion: Command = new Command("completion")
  .description("Prints what makes Tab complete commands, flags, their values, files and models.")
  .addArgument(new Argument("<shell>", "whose script").choices(Object.keys(COMPLETION_SCRIPTS)))
  .action((shell: keyof typeof COMPLETION_SCRIPTS) => {
    process.stdout.write(COMPLETION_SCRIPTS[shell]);
  })
  .addHelpText(
    "after",
    examples(
      "source <(scorestream completion bash)       # in ~/.bashrc",
      "source <(scorestream completion zsh)        # in ~/.zshrc, after compinit",
      "scorestream completion fish > ~/.config/fish/completions/scorestream.fish",
    ),
  );
