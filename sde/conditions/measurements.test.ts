import test from "ava";
import { colorization, inpainting, superResolution } from "./measurements.ts";
import { elementsOf, type Shape } from "./shape.ts";
import { numbers } from "./testing.ts";
import { TRANSFORMS } from "./transform.ts";

const shape: Shape = { channels: 3, height: 4, width: 8 };
const dims = elementsOf(shape);

test("inpainting knows the pixels that the mask keeps", (t) => {
  const image = [0.5, -0.25, Number.NaN, 1];
  const { transform, known, mask } = inpainting(image, [1, 0, 0, 1]);
  t.is(transform, "identity");
  t.deepEqual([...known], [0.5, 0, 0, 1]);
  t.deepEqual([...mask], [1, 0, 0, 1]);
});

test("colorization knows the first coordinates of the transform of any picture with this gray", (t) => {
  const picture = Float64Array.from(numbers(3, dims));
  const plane = shape.height * shape.width;
  const gray = Float64Array.from({ length: plane }, (_, e) => {
    return (picture[e]! + picture[e + plane]! + picture[e + 2 * plane]!) / 3;
  });
  const { transform, known, mask } = colorization(gray, shape);
  TRANSFORMS[transform].forward(picture, shape);
  t.is(transform, "color");
  for (let e = 0; e < dims; e++) {
    t.is(mask[e], e < plane ? 1 : 0);
    t.true(Math.abs(known[e]! - (e < plane ? picture[e]! : 0)) < 1e-6);
  }
});

for (const factor of [2, 4] as const) {
  test(`super-resolution by ${factor} knows the blocks' coordinates of any picture with these averages`, (t) => {
    const picture = Float64Array.from(numbers(4, dims));
    const [rows, columns] = [shape.height / factor, shape.width / factor];
    const low = new Float64Array(shape.channels * rows * columns);
    for (let c = 0; c < shape.channels; c++) {
      for (let y = 0; y < shape.height; y++) {
        for (let x = 0; x < shape.width; x++) {
          const block = (c * rows + Math.floor(y / factor)) * columns + Math.floor(x / factor);
          low[block]! += picture[(c * shape.height + y) * shape.width + x]! / factor ** 2;
        }
      }
    }
    const { transform, known, mask } = superResolution(low, factor, shape);
    TRANSFORMS[transform].forward(picture, shape);
    t.is(
      mask.reduce((sum, bit) => sum + bit, 0),
      low.length,
    );
    for (let e = 0; e < dims; e++) {
      t.true(Math.abs(known[e]! - (mask[e] === 1 ? picture[e]! : 0)) < 1e-6);
    }
  });
}

test("sizes that don't fit, masks that are none and values that are not finite are refused", (t) => {
  const refused = (make: () => unknown, message: RegExp): void => {
    t.throws(make, { instanceOf: RangeError, message });
  };
  refused(() => inpainting([1, 2, 3], [1, 0]), /as many values as its image, 3; seen 2/);
  refused(() => inpainting([1, 2], [1, 0.5]), /0 and 1; seen 0.5/);
  refused(() => inpainting([1, Number.NaN], [1, 1]), /image must hold finite numbers; seen NaN/);
  refused(() => colorization(new Float32Array(31), shape), /gray must have 32 values .* seen 31/);
  refused(() => colorization(new Float32Array(32), { ...shape, channels: 1 }), /needs 3 channels/);
  refused(() => colorization(new Float32Array(32).fill(1 / 0), shape), /seen Infinity/);
  refused(
    () => superResolution(new Float32Array(5), 2, shape),
    /low must have 24 values .* seen 5/,
  );
  refused(() => superResolution([], 8, shape), /multiples of 8/);
  refused(() => superResolution([], 3 as 2, shape), /factor must be 2, 4 or 8; seen 3/);
});
