import type { Image } from "../../proto/gen/scorestream/v1/scorestream.ts";
import { encodeImage } from "../images/encode.ts";
import { shrunkShape } from "../images/shrink.ts";
import type { JobSpec } from "./job-spec.ts";
import type { Row } from "./row.ts";

interface Estimate {
  readonly pixels: Float32Array;
  readonly time: number;
  readonly evaluations: number;
}

/** Called with an encoded preview. */
export type OnPreview = (row: Row, evaluations: number, time: number, image: Image) => void;

/**
 * Encodes a job's previews beside its steps. Each row has at most one preview being encoded and one waiting, which
 * a newer one replaces.
 */
export class PreviewEncoder {
  readonly #spec: JobSpec;
  readonly #onPreview: OnPreview;
  readonly #encoding = new Set<Row>();
  readonly #waiting = new Map<Row, Estimate>();

  constructor(spec: JobSpec, onPreview: OnPreview) {
    this.#spec = spec;
    this.#onPreview = onPreview;
  }

  /** @param pixels float32[channels, height, width] of the shape that is shown, which the encoder may keep */
  show(row: Row, time: number, pixels: Float32Array): void {
    const estimate = { pixels, time, evaluations: row.evaluations };
    if (this.#encoding.has(row)) this.#waiting.set(row, estimate);
    else void this.#encode(row, estimate);
  }

  async #encode(row: Row, first: Estimate): Promise<void> {
    this.#encoding.add(row);
    const { model, preview } = this.#spec;
    const { dataRange } = model.manifest;
    const shape = shrunkShape(model.shape, preview.shrinkBy);
    let estimate: Estimate | undefined = first;
    while (estimate !== undefined) {
      const { pixels, time, evaluations } = estimate;
      try {
        const image = await encodeImage(pixels, shape, dataRange, preview.format);
        this.#onPreview(row, evaluations, time, image);
      } catch {
        // The result is encoded by the same code and reports what is wrong; a preview may be missed.
      }
      estimate = this.#waiting.get(row);
      this.#waiting.delete(row);
    }
    this.#encoding.delete(row);
  }
}
