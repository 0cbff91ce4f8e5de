import test from "ava";
import { graphicsOf, type Preview } from "./graphics.ts";
import { repliesOf } from "./query.ts";

const OK = "\x1b_Gi=4211;OK\x1b\\";

/** What terminals answer: name, bytes, how pictures are shown. */
const terminals: readonly (readonly [string, string, Preview | undefined])[] = [
  ["kitty", `${OK}\x1bP>|kitty(0.42.1)\x1b\\\x1b[6;21;9t\x1b[?62;52;c`, "kitty"],
  ["Ghostty", `${OK}\x1bP>|ghostty 1.2.0\x1b\\\x1b[6;40;20t\x1b[?62;22;52c`, "kitty"],
  ["iTerm2", `${OK}\x1bP>|iTerm2 3.6.2\x1b\\\x1b[6;17;7t\x1b[?65;1;2;4;6;17;18;22c`, "iterm"],
  ["WezTerm", `${OK}\x1bP>|WezTerm 20240203-110809\x1b\\\x1b[?65;4;6;18;22;52c`, "iterm"],
  [
    "xterm -ti vt340",
    "\x1bP>|XTerm(398)\x1b\\\x1b[6;13;6t\x1b[?63;1;2;4;6;9;15;16;22;28c",
    "sixel",
  ],
  ["foot", "\x1bP>|foot(1.20.2)\x1b\\\x1b[6;16;8t\x1b[?62;4;22;28;29c", "sixel"],
  ["tmux", "\x1bP>|tmux 3.5a\x1b\\\x1b[6;16;8t\x1b[?1;2c", undefined],
  ["kitty that refuses", "\x1b_Gi=4211;EINVAL:no\x1b\\\x1b[?62;c", undefined],
  // The class is no attribute.
  ["a terminal of class 4", "\x1b[?4;6c", undefined],
];

for (const [name, text, preview] of terminals) {
  test(`${name}: ${preview ?? "no pictures"}`, (t) => t.is(graphicsOf(repliesOf(text)), preview));
}

test("the size of a character, where it is told", (t) => {
  t.deepEqual(repliesOf("\x1b[6;21;9t\x1b[?62c")?.cell, { width: 9, height: 21 });
  t.is(repliesOf("\x1b[6;0;0t\x1b[?62c")?.cell, undefined);
});

test("a terminal that doesn't answer the last question has not answered", (t) => {
  t.is(repliesOf(OK), undefined);
});
