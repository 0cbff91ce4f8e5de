import { Tensor } from "onnxruntime-node";
import { fromHalves, toHalves } from "./half.ts";
import type { ClassInput, PictureType, TimeType } from "./protocol.ts";

/** One number or label a place of the batch. */
export interface Scalars {
  readonly tensor: Tensor;
  set(place: number, value: number): void;
}

/** Pictures of a batch: float32[places, channels, height, width], and the tensor that the network sees of them. */
export interface Pictures {
  readonly tensor: Tensor;
  readonly values: Float32Array;
  /** Memory of both. */
  readonly bytes: number;
  /** Puts the values into the tensor, where they are not its own memory. */
  pack(): void;
  /** Takes the values out of the tensor, likewise. */
  unpack(): void;
}

/** Pictures whose tensor is of the network's own element type. */
export function picturesOf(
  type: PictureType,
  places: number,
  channels: number,
  { height, width }: { readonly height: number; readonly width: number },
): Pictures {
  const dims = [places, channels, height, width];
  const values = new Float32Array(places * channels * height * width);
  if (type === "float32") {
    const tensor = new Tensor("float32", values, dims);
    return { values, tensor, bytes: values.byteLength, pack() {}, unpack() {} };
  }
  const halves = new Uint16Array(values.length);
  return {
    values,
    tensor: new Tensor("float16", halves, dims),
    bytes: values.byteLength + halves.byteLength,
    pack: () => toHalves(values, halves),
    unpack: () => fromHalves(halves, values),
  };
}

/** [places], each number rounded where the type is an integer. */
export function timesOf(type: TimeType, places: number): Scalars {
  if (type === "int64") {
    const values = new BigInt64Array(places);
    return {
      tensor: new Tensor("int64", values, [places]),
      set: (place, value) => {
        values[place] = BigInt(Math.round(value));
      },
    };
  }
  const values = new Float32Array(places);
  const set = (place: number, value: number): void => {
    values[place] = value;
  };
  if (type === "float32") return { tensor: new Tensor("float32", values, [places]), set };
  const halves = new Uint16Array(places);
  return {
    tensor: new Tensor("float16", halves, [places]),
    set: (place, value) => {
      set(place, value);
      toHalves(values.subarray(place, place + 1), halves.subarray(place, place + 1));
    },
  };
}

/** [places], or [places, classes] where one-hot; then a label that is no class is all zeros. */
export function labelsOf({ encoding, type, classes }: ClassInput, places: number): Scalars {
  if (encoding === "index") return timesOf(type, places);
  const values =
    type === "float32" ? new Float32Array(places * classes) : new BigInt64Array(places * classes);
  const dims = [places, classes];
  const [zero, one] = type === "float32" ? [0, 1] : [0n, 1n];
  return {
    tensor:
      values instanceof Float32Array
        ? new Tensor("float32", values, dims)
        : new Tensor("int64", values, dims),
    set: (place, label) => {
      for (let k = 0; k < classes; k++) values[place * classes + k] = k === label ? one! : zero!;
    },
  };
}
