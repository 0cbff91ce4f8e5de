import type {
  Completed,
  DecodeRequest,
  DeepPartial,
  ProbabilityFlow,
  Tensor,
} from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { ImageFormat } from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { type FloatTensor, fromFloat32 } from "../../typescript/core/float-tensor.ts";
import { onArc } from "../../typescript/core/spherical.ts";
import type { RowState } from "../jobs/job-state.ts";
import type { Quality } from "./newest-first.ts";

/** A place on the arc between two latents. */
export interface ArcPoint {
  /** 0: the first latent, 1: the second. */
  readonly fraction: number;
  /** The latent is multiplied by it. */
  readonly temperature: number;
}

/** What `Client.decode` is asked with. */
export type DecodeOptions = DeepPartial<Omit<DecodeRequest, "latents">> & {
  readonly latents: readonly FloatTensor[];
};

/** 16 evaluations, to a time where the picture is all but there: near 0 few steps of the flow go wrong. */
const DRAFT = { solver: { solver: "heun", steps: 8 }, timeEps: 0.03 } as const;

/** The arc between two latents that a job has found, and how to decode what lies on it as they were encoded. */
export class Arc {
  readonly #model: string;
  readonly #ends: readonly [FloatTensor, FloatTensor];
  readonly #flow: { readonly solver: DeepPartial<ProbabilityFlow>; readonly timeEps: number };

  constructor(model: string, ends: readonly [FloatTensor, FloatTensor], completed: Completed) {
    this.#model = model;
    this.#ends = ends;
    const { method, timeEps = 0 } = completed.sampler ?? {};
    const solver = method?.$case === "probabilityFlow" ? method.value : {};
    this.#flow = { solver, timeEps };
  }

  /** @throws RangeError where no one arc joins the latents */
  decoding(fractions: readonly number[], temperature: number, quality: Quality): DecodeOptions {
    const [from, to] = this.#ends;
    const latents = fractions.map((fraction) => ({
      shape: from.shape,
      values: onArc(from.values, to.values, fraction),
    }));
    const flow = quality === "draft" ? DRAFT : this.#flow;
    const format = ImageFormat.IMAGE_FORMAT_WEBP;
    return { model: this.#model, latents, temperature, format, ...flow };
  }
}

/** The latents of two rows; undefined until both are there. */
export function endsOf(rows: readonly RowState[]): readonly [FloatTensor, FloatTensor] | undefined {
  const [from, to] = rows.map(({ latent }) => latent && tensorOf(latent));
  return from === undefined || to === undefined ? undefined : [from, to];
}

function tensorOf({ shape, float32 }: Tensor): FloatTensor | undefined {
  return shape === undefined ? undefined : fromFloat32(shape, float32);
}
