import { script } from "@bomb.sh/tab";
import { Argument, Command } from "commander";
import { examples } from "../flags/option.ts";

const SHELLS = ["bash", "zsh", "fish", "powershell"] as const;

/** Prints the script that asks `scorestream complete -- WORDS` (../complete.ts) at each Tab. */
export const completion: Command = new Command("completion")
  .description("Prints what makes Tab complete commands, flags, their values and models.")
  .addArgument(new Argument("<shell>", "whose script").choices(SHELLS))
  .action((shell: (typeof SHELLS)[number]) => script(shell, "scorestream", "scorestream"))
  .addHelpText(
    "after",
    examples(
      "source <(scorestream completion bash)       # in ~/.bashrc",
      "source <(scorestream completion zsh)        # in ~/.zshrc, after compinit",
      "scorestream completion fish > ~/.config/fish/completions/scorestream.fish",
    ),
  );
