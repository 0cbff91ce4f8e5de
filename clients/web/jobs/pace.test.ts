import test from "ava";
import { Pace } from "./pace.ts";

test("what is left is told by what was done since it was first seen", (t) => {
  const pace = new Pace();
  t.is(pace.leftMs(0, 0.5), undefined, "nothing was seen");
  pace.observe(1000, 0.5);
  t.is(pace.leftMs(2000, 0.5), undefined, "it has not moved");
  pace.observe(3000, 0.6);
  // A tenth in two seconds, and four are left.
  t.true(Math.abs((pace.leftMs(3000, 0.6) ?? 0) - 8000) < 1e-6);
  t.is(pace.leftMs(9000, 1), 0);
});
