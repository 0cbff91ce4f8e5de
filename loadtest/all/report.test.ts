import test from "ava";
import { ALL_BENCHMARKS } from "./benchmarks.ts";
import { report } from "./report.ts";

function benchmark(name: string) {
  const found = ALL_BENCHMARKS.find((one) => one.name === name);
  if (found === undefined) throw new RangeError(`no benchmark ${name}`);
  return found;
}

test("what is run takes its old section's place, and the others stay as they are, in order", (t) => {
  const figures = { benchmark: "soak", lost: 0, rss: { slope: 1.23456 }, machine: "" };
  const first = report("", [{ benchmark: benchmark("soak"), figures }], "2026-01-01", "");
  t.regex(first, /^### soak\n\n`npm run bench:soak`, 2026-01-01, scorestream .*onnxruntime \d/);
  t.regex(first, /\| lost \| 0 \|\n\| rss \| slope 1\.235 \|\n$/);
  const outcome = { benchmark: benchmark("memory"), figures: { bytes: 5 } };
  const both = report(first, [outcome], "2026-01-02", "beside a build");
  t.regex(both, /^### memory\n.*2026-01-02, .*; beside a build\.\n.*\n### soak\n.*2026-01-01/s);
  t.true(both.endsWith(first));
  const failed = report(
    both,
    [{ benchmark: benchmark("soak"), figures: undefined }],
    "2026-01-03",
    "",
  );
  t.regex(
    failed,
    /### memory\n.*2026-01-02.*### soak\n\n`npm run bench:soak` failed\. 2026-01-03/s,
  );
  t.false(failed.includes("2026-01-01"));
});
