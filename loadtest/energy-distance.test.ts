import test from "ava";
import { cloudOf, energyDistance } from "./energy-distance.ts";

test("the energy distance of two points is twice their distance", (t) => {
  const [a, b] = [
    [0, 0],
    [3, 4],
  ].map((point) => cloudOf(Float64Array.from(point), 2));
  if (a === undefined || b === undefined) throw new Error("two clouds");
  t.is(energyDistance(a, b), 10);
});

test("the energy distance of a cloud to itself is 0", (t) => {
  const cloud = cloudOf(Float64Array.of(0, 1, 5, 2.5), 1);
  t.true(Math.abs(energyDistance(cloud, cloud)) < 1e-15);
});

test("the energy distance is twice the squared distance of the distribution functions in one dimension", (t) => {
  // F - G is 1/2 on [0, 1) and on [2, 4): 2 (1/4 + 2/4).
  const [a, b] = [cloudOf(Float64Array.of(0, 2), 1), cloudOf(Float64Array.of(1, 4), 1)];
  t.true(Math.abs(energyDistance(a, b) - 1.5) < 1e-15);
});
