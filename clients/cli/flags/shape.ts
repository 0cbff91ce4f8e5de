import type { Option } from "commander";
import type { ImageShape } from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { parsedOption } from "./option.ts";

export interface ShapeFlags {
  readonly shape?: ImageShape;
}

export const SHAPE_OPTION: () => Option = parsedOption(
  "--shape <c,h,w>",
  "of raw latents: channels, height, width",
  "CHANNELS,HEIGHT,WIDTH, such as 3,32,32",
  (text): ImageShape | undefined => {
    const [channels = 0, height = 0, width = 0, ...more] = text.split(",").map(Number);
    const dims = [channels, height, width];
    const fits = more.length === 0 && dims.every((dim) => Number.isInteger(dim) && dim > 0);
    return fits ? { channels, height, width } : undefined;
  },
);
