import type {
  Image,
  LikelihoodResult,
} from "../../../proto/messages/gen/scorestream/v1/scorestream.ts";
import { type FloatTensor, fromFloat32 } from "./float-tensor.ts";
import type { TakeResult } from "./job.ts";

export const takePicture: TakeResult<Image> = (event) =>
  event?.$case === "sampled" && event.value.image !== undefined
    ? { row: event.value.row, result: event.value.image }
    : undefined;

export const takeLatent: TakeResult<FloatTensor> = (event) => {
  if (event?.$case !== "encoded") return undefined;
  const { row, latent } = event.value;
  if (latent?.shape === undefined) return undefined;
  return { row, result: fromFloat32(latent.shape, latent.float32) };
};

export const takeLikelihood: TakeResult<LikelihoodResult> = (event) =>
  event?.$case === "likelihood" ? { row: event.value.row, result: event.value } : undefined;
