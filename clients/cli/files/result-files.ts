import sharp from "sharp";
import {
  type Image,
  ImageFormat,
  type ImageShape,
  type JobEvent,
} from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import type { Result } from "../job/reporter.ts";
import { readFloat32, writeNpy } from "./npy.ts";
import type { FileFormat, Output } from "./output.ts";

type ResultEvent = Extract<
  NonNullable<JobEvent["event"]>,
  { $case: "sampled" | "encoded" | "likelihood" }
>;

/** What decides where results go. */
export interface ResultRules {
  readonly inputs?: readonly string[];
  readonly outputFor?: (format: FileFormat | undefined) => Output;
  readonly nameOf?: (row: number) => string;
  readonly seed?: bigint;
}

/** Writes the results of one job. */
export interface ResultFiles {
  /** @returns what is told of it now; a file of all results comes with the end */
  take(event: ResultEvent): Promise<readonly Result[]>;
  end(): Promise<readonly Result[]>;
}

/** A row's numbers, kept for the file of all rows. */
interface Kept {
  readonly row: number;
  readonly shape: ImageShape;
  readonly bytes: Uint8Array;
  readonly evaluations: bigint;
}

/** A result's content: a file, or float32[channels, height, width] little endian. */
type Content =
  | { readonly format: "png" | "jpeg" | "webp"; readonly bytes: Uint8Array }
  | { readonly format: undefined; readonly shape: ImageShape; readonly bytes: Uint8Array };

export function resultFiles({ inputs, outputFor, nameOf, seed }: ResultRules): ResultFiles {
  const kept: Kept[] = [];
  let output: Output | undefined;
  const fieldsOf = (row: number): { row: number; name: string; seed: string } => ({
    row,
    name: nameOf?.(row) ?? "",
    seed: String(seed ?? ""),
  });
  const aboutOf = (row: number, evaluations: bigint): Result => {
    const input = inputs?.[row];
    return { row, evaluations, ...(input === undefined ? {} : { input }) };
  };
  return {
    async take({ $case, value }) {
      const { row, evaluations } = value;
      const about = aboutOf(row, evaluations);
      if ($case === "likelihood") return [{ ...about, likelihood: value }];
      const content =
        $case === "sampled" ? await contentOf(value.image) : tensorContent(value.latent);
      output ??= outputFor?.(content.format);
      if (output === undefined) return [about];
      if (content.format === undefined && output.isStacked) {
        kept.push({ ...content, row, evaluations });
        return [];
      }
      const file = await output.write(fieldsOf(row), encoded(content, output.format));
      return [{ ...about, file }];
    },
    async end() {
      kept.sort((a, b) => a.row - b.row);
      const [first] = kept;
      if (first === undefined || output === undefined) return [];
      const { channels, height, width } = first.shape;
      const bytes = Buffer.concat(kept.map((row) => row.bytes));
      const shape = [kept.length, channels, height, width];
      const file = await output.write(
        fieldsOf(0),
        output.format === "npy" ? writeNpy({ shape, values: readFloat32(bytes) }) : bytes,
      );
      return kept.map(({ row, evaluations }) => ({ ...aboutOf(row, evaluations), file }));
    },
  };
}

async function contentOf(image: Image | undefined): Promise<Content> {
  if (image?.shape === undefined) throw new Error("the server gave a result without a picture");
  const { format, shape, data: bytes } = image;
  switch (format) {
    case ImageFormat.IMAGE_FORMAT_JPEG:
      return { format: "jpeg", bytes };
    case ImageFormat.IMAGE_FORMAT_WEBP:
      return { format: "webp", bytes };
    case ImageFormat.IMAGE_FORMAT_RAW_FLOAT32:
      return { format: undefined, shape, bytes };
    case ImageFormat.IMAGE_FORMAT_RAW_UINT8: {
      const { width, height, channels } = shape;
      const raw = { width, height, channels: channels === 1 ? 1 : 3 } as const;
      return { format: "png", bytes: await sharp(bytes, { raw }).png().toBuffer() };
    }
    default:
      return { format: "png", bytes };
  }
}

function tensorContent(
  latent: { shape?: ImageShape | undefined; float32: Uint8Array } | undefined,
): Content {
  if (latent?.shape === undefined) throw new Error("the server gave a result without a latent");
  return { format: undefined, shape: latent.shape, bytes: latent.float32 };
}

/** The bytes of a file. The request asked for its format; of another's job it is what was asked for then. */
function encoded(content: Content, format: FileFormat): Uint8Array {
  if (content.format !== undefined || format === "raw") return content.bytes;
  const { channels, height, width } = content.shape;
  return writeNpy({ shape: [channels, height, width], values: readFloat32(content.bytes) });
}
