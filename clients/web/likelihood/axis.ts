import type { HeldOutLikelihood } from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { element } from "../dom.ts";
import { placeOn, type Scale } from "./scale.ts";

/** A value with its standard error, 0: not known. */
export interface Measured {
  readonly value: number;
  readonly error: number;
}

/** The line of one picture: the held-out range as a band, the value as a dot, its error to both sides. The words beside it say the same. */
export function valueLine(
  scale: Scale,
  { value, error }: Measured,
  heldOut: HeldOutLikelihood | undefined,
): HTMLElement {
  const line = element("div", { class: "scale-line", "aria-hidden": "true" });
  line.append(...bandOf(scale, heldOut));
  if (error > 0) line.append(between("scale-error", scale, value - error, value + error));
  line.append(between("scale-dot", scale, value, value));
  return line;
}

/** Ticks and their numbers, and the band's name. */
export function axisLine(scale: Scale, heldOut: HeldOutLikelihood | undefined): HTMLElement {
  const line = element("div", { class: "scale-line scale-axis", "aria-hidden": "true" });
  line.append(...bandOf(scale, heldOut));
  for (const tick of scale.ticks) {
    const mark = between("scale-tick", scale, tick, tick);
    mark.append(element("span", { class: "scale-number" }, tick.toFixed(scale.digits)));
    line.append(mark);
  }
  return line;
}

function bandOf(scale: Scale, heldOut: HeldOutLikelihood | undefined): readonly HTMLElement[] {
  if (heldOut === undefined) return [];
  const { low, high, mean } = heldOut;
  return [between("scale-band", scale, low, high), between("scale-mean", scale, mean, mean)];
}

/** Something that reaches from one value to another; cut off where the axis ends. */
function between(kind: string, scale: Scale, from: number, to: number): HTMLElement {
  const made = element("div", { class: kind });
  const [left, right] = [placeOn(scale, from), placeOn(scale, to)].map((place) =>
    Math.min(1, Math.max(0, place)),
  );
  made.style.left = `${100 * (left ?? 0)}%`;
  made.style.width = `${100 * ((right ?? 0) - (left ?? 0))}%`;
  return made;
}
