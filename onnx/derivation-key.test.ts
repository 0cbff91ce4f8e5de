import test from "ava";
import { derivationKey } from "./derivation-key.ts";

const PATH = { input: "x", output: "y" };
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

test("the key is that of the bytes and the question", (t) => {
  const key = derivationKey([bytes(1, 2)], "forward", PATH);
  t.regex(key, /^[0-9a-f]{64}$/);
  t.is(derivationKey([bytes(1, 2)], "forward", { ...PATH }), key);
  const others = [
    derivationKey([bytes(1, 3)], "forward", PATH),
    derivationKey([bytes(1), bytes(2)], "forward", PATH),
    derivationKey([bytes(1, 2)], "reverse", PATH),
    derivationKey([bytes(1, 2)], "gradient", PATH),
    derivationKey([bytes(1, 2)], "log-probability", { ...PATH, kind: "logits" }),
    derivationKey([bytes(1, 2)], "log-probability", { ...PATH, kind: "log-probabilities" }),
    derivationKey([bytes(1, 2)], "guided", { ...PATH, kind: "logits", scoreOutput: "F" }),
    derivationKey([bytes(1, 2)], "guided", { ...PATH, kind: "logits", scoreOutput: "G" }),
    derivationKey([bytes(1, 2)], "forward", { input: "x", output: "z" }),
    derivationKey([bytes(1, 2)], "forward", { input: "t", output: "y" }),
  ];
  t.is(new Set([key, ...others]).size, others.length + 1);
});
