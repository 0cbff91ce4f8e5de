import { createSupportsTerminalGraphics } from "supports-terminal-graphics";
import { environment } from "../environment.ts";
import { type Asked, askTerminal, type CellSize, type Replies } from "./query.ts";

/** How pictures are shown: three protocols for pictures, or half blocks in colour. */
export const PREVIEWS = ["kitty", "iterm", "sixel", "blocks", "none"] as const;

export type Preview = (typeof PREVIEWS)[number];

/** How a terminal shows pictures. */
export interface Graphics {
  readonly preview: Preview;
  /** Of one character, in pixels. */
  readonly cell: CellSize;
  /** Bits of colour that the terminal has: 1, 4, 8 or 24. */
  readonly colorDepth: number;
}

/** Of the VT340, which sixel began on: right enough where a terminal doesn't say. */
const USUAL_CELL: CellSize = { width: 10, height: 20 };

/**
 * What the terminal shows pictures with: what was asked for, else the best that it says it has, else, where it says
 * nothing, what its environment lets us think, else half blocks. Nothing where stdout or stderr is no terminal.
 */
export async function detectGraphics(
  asked: Preview | undefined,
  terminal: Asked,
): Promise<Graphics> {
  const { output } = terminal;
  const colorDepth = output.isTTY ? colorDepthOf(output) : 1;
  const none: Graphics = { preview: "none", cell: USUAL_CELL, colorDepth };
  if (!output.isTTY || !process.stdout.isTTY || asked === "none") return none;
  // Such as TERM=dumb, which answers nothing, and NO_COLOR.
  if (asked === undefined && colorDepth === 1) return none;
  if (asked === "blocks") return { ...none, preview: "blocks" };
  const replies = await askTerminal(terminal);
  const cell = replies?.cell ?? USUAL_CELL;
  if (asked !== undefined) return { preview: asked, cell, colorDepth };
  const preview =
    graphicsOf(replies) ??
    (replies === undefined ? guess(output) : undefined) ??
    (colorDepth >= 8 ? "blocks" : "none");
  return { preview, cell, colorDepth };
}

/** Node takes a multiplexer for one of 256 colours; those take all colours, and turn them into what the terminal has. */
function colorDepthOf(output: Asked["output"]): number {
  const depth = output.getColorDepth();
  const isTold = /^(truecolor|24bit)$/.test(environment.COLORTERM ?? "");
  return depth === 8 && isTold ? 24 : depth;
}

/** By what a terminal answered. */
export function graphicsOf(replies: Replies | undefined): Preview | undefined {
  if (replies === undefined) return undefined;
  // iTerm2 and WezTerm take kitty's protocol too, each in its own way; their own is the surer one.
  if (/^(iTerm2|WezTerm)/.test(replies.name)) return "iterm";
  if (replies.kitty) return "kitty";
  return replies.sixel ? "sixel" : undefined;
}

/** By the environment, which a multiplexer hands on from a terminal that it hides. */
function guess(output: Asked["output"]): Preview | undefined {
  const { TMUX, STY, ZELLIJ } = environment;
  if ((TMUX ?? STY ?? ZELLIJ) !== undefined) return undefined;
  const { kitty, iterm2, sixel } = createSupportsTerminalGraphics(output);
  return kitty ? "kitty" : iterm2 ? "iterm" : sixel ? "sixel" : undefined;
}
