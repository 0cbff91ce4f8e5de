import test from "ava";
import { Tensor } from "onnxruntime-node";
import { inRuns, paddedPlaces, placesPerRun, portionsOf, viewsOf } from "./portions.ts";

const SIZES = [1, 2, 4, 8, 16];

test("a run has the most places whose time a place is near the least", (t) => {
  // A CPU whose cache holds 4 places: past them a place takes 7 % longer, and then 20 %.
  t.is(placesPerRun(SIZES, [8.9, 17, 33.8, 72.3, 162]), 4);
  // A GPU.
  t.is(placesPerRun(SIZES, [5, 5.2, 6, 8, 12]), undefined);
  // All as fast, but for noise.
  t.is(placesPerRun(SIZES, [4.1, 7.7, 15.3, 30.9, 61.3]), undefined);
  t.is(placesPerRun([1], [5]), undefined);
});

test("larger batches take the time of their runs", (t) => {
  t.deepEqual(inRuns(SIZES, [9, 17, 34, 72, 162], 4), [9, 17, 34, 68, 136]);
  t.deepEqual(inRuns([1, 2, 4, 6], [9, 17, 34, 90], 4), [9, 17, 34, 51]);
  t.deepEqual(inRuns(SIZES, [5, 6, 7, 8, 9], undefined), [5, 6, 7, 8, 9]);
});

test("portions are all places, once each", (t) => {
  t.deepEqual(portionsOf(5, 2), [
    { first: 0, count: 2 },
    { first: 2, count: 2 },
    { first: 4, count: 1 },
  ]);
  t.deepEqual(portionsOf(3, undefined), [{ first: 0, count: 3 }]);
  t.deepEqual(portionsOf(3, 8), [{ first: 0, count: 3 }]);
});

test("a view is the portion's rows, in the same memory", (t) => {
  const pictures = new Tensor(
    "float32",
    Float32Array.from({ length: 12 }, (_, i) => i),
    [3, 2, 2],
  );
  const labels = new Tensor("int64", BigInt64Array.from([7n, 8n, 9n]), [3]);
  const views = viewsOf({ pictures, labels }, { first: 1, count: 2 });
  t.deepEqual(views.pictures?.dims, [2, 2, 2]);
  const pixels = views.pictures?.data as Float32Array;
  t.deepEqual(Array.from(pixels), [4, 5, 6, 7, 8, 9, 10, 11]);
  t.deepEqual(views.labels?.data, BigInt64Array.from([8n, 9n]));
  pixels[0] = 100;
  t.is((pictures.data as Float32Array)[4], 100);
});

test("the last run is filled up to the next of the provider's sizes", (t) => {
  const sizes = [1, 8, 32];
  const padded = (places: number, perRun?: number) => paddedPlaces(places, perRun, sizes);
  t.deepEqual(
    [1, 2, 8, 9, 32].map((places) => padded(places)),
    [1, 8, 8, 32, 32],
  );
  t.is(padded(33), 33, "more than the last");
  t.is(padded(17, 8), 17, "two full runs, and one place");
  t.is(padded(18, 8), 24, "two full runs, and two places that take eight");
  t.is(paddedPlaces(5, undefined, []), 5, "where any size is as good");
});
