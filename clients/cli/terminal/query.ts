import type { ReadStream, WriteStream } from "node:tty";

/** A terminal that can be asked: what it writes comes in at `input`. */
export interface Asked {
  readonly output: WriteStream;
  readonly input: ReadStream;
}

/** Of one character, in pixels. */
export interface CellSize {
  readonly width: number;
  readonly height: number;
}

/** What a terminal says of itself. */
export interface Replies {
  /** It takes kitty's graphics protocol. */
  readonly kitty: boolean;
  readonly sixel: boolean;
  /** Such as `iTerm2 3.6.1`; "" where it doesn't say. */
  readonly name: string;
  readonly cell: CellSize | undefined;
}

/** Longer than a far terminal on a busy machine takes; only one that never answers costs so much. In ms. */
const TIMEOUT_MS = 5000;

/**
 * A picture of one pixel that is only looked at (kitty), its name (XTVERSION), the size of a character (XTWINOPS 16),
 * and last what every terminal answers (DA1): whatever it knows it has said by then.
 *
 * @see https://sw.kovidgoyal.net/kitty/graphics-protocol/ "Querying support and available transmission mediums"
 * @see https://invisible-island.net/xterm/ctlseqs/ctlseqs.html
 */
const QUESTIONS = "\x1b_Gi=4211,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\x1b[>0q\x1b[16t\x1b[c";

const ESC = "\x1b";
const CTRL_C = 3;
const ATTRIBUTES = new RegExp(`${ESC}\\[\\?([\\d;]*)c`);
const KITTY = new RegExp(`${ESC}_Gi=4211;OK`);
const NAME = new RegExp(`${ESC}P>\\|([^${ESC}]*)${ESC}`);
const CELL = new RegExp(`${ESC}\\[6;(\\d+);(\\d+)t`);

/** The attribute of DA1 that means sixel. */
const SIXEL = "4";

/**
 * Asks a terminal what it is. What is typed meanwhile is lost.
 *
 * @returns undefined where it doesn't answer, or its answer can't be read
 */
export async function askTerminal({ output, input }: Asked): Promise<Replies | undefined> {
  if (!input.isTTY || !output.isTTY) return undefined;
  const wasRaw = input.isRaw;
  let text = "";
  input.setRawMode(true);
  const answered = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, TIMEOUT_MS);
    input.on("data", (bytes: Buffer) => {
      text += bytes.toString("latin1");
      // A raw terminal makes no signal of it.
      if (bytes.includes(CTRL_C)) process.kill(process.pid, "SIGINT");
      if (!ATTRIBUTES.test(text)) return;
      clearTimeout(timer);
      resolve();
    });
  });
  output.write(QUESTIONS);
  await answered;
  input.removeAllListeners("data").pause();
  input.setRawMode(wasRaw);
  return repliesOf(text);
}

/** @returns undefined unless the last question was answered */
export function repliesOf(text: string): Replies | undefined {
  const attributes = ATTRIBUTES.exec(text)?.[1]?.split(";");
  if (attributes === undefined) return undefined;
  const [, height, width] = CELL.exec(text) ?? [];
  const cell = { width: Number(width), height: Number(height) };
  return {
    kitty: KITTY.test(text),
    sixel: attributes.slice(1).includes(SIXEL),
    name: NAME.exec(text)?.[1] ?? "",
    cell: cell.width > 0 && cell.height > 0 ? cell : undefined,
  };
}
