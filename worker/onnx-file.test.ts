import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import test from "ava";
import { InferenceSession, Tensor } from "onnxruntime-node";
import {
  diffusedMixture,
  type GaussianMixture,
  mixtureSample,
  mixtureScore,
} from "../sde/gaussian-mixture.ts";
import type { ForwardProcess } from "../sde/processes/forward-process.ts";
import {
  evaluationScalars,
  type OutputKind,
  type Parameterization,
  type TimeInput,
} from "../sde/processes/parameterization.ts";
import { subVariancePreserving } from "../sde/processes/subvp.ts";
import { varianceExploding } from "../sde/processes/ve.ts";
import { variancePreserving } from "../sde/processes/vp.ts";

/** The part of an oracle model's manifest that this test reads. */
interface Manifest {
  readonly shape: { readonly channels: number; readonly height: number; readonly width: number };
  readonly score: {
    readonly time: { readonly name: string; readonly kind: TimeInput };
    readonly output: { readonly name: string; readonly kind: OutputKind };
  };
  readonly oracle: GaussianMixture;
}

const betas = { betaMin: 0.1, betaMax: 20 };
const processes: readonly ForwardProcess[] = [
  varianceExploding({ sigmaMin: 0.01, sigmaMax: 50 }),
  variancePreserving(betas),
  subVariancePreserving(betas),
];
const TIMES = [1e-5, 1e-3, 0.03, 0.2, 0.5, 0.8, 1];

/** Numbers in (-1.7, 1.7) of variance 1, the same in every run. */
function* numbers(): Generator<number, never, undefined> {
  for (let i = 1; ; i++) yield Math.sqrt(12) * (((i * 0.754877666) % 1) - 0.5);
}

for (const process of processes) {
  test(`${process.kind}: the shipped ONNX file gives the mixture's exact score`, async (t) => {
    // Compiled, this file is dist/worker/onnx-file.test.js.
    const folder = new URL(`../../models/gaussian-mixture-${process.kind}/`, import.meta.url);
    const manifest = JSON.parse(await readFile(new URL("model.json", folder), "utf8")) as Manifest;
    const { shape, score: network, oracle } = manifest;
    const parameterization: Parameterization = {
      output: network.output.kind,
      timeInput: network.time.kind,
      inputScaling: "none",
    };
    const dims = shape.channels * shape.height * shape.width;
    const random = numbers();
    const normals = (): number[] => Array.from({ length: dims }, () => random.next().value);

    // One batch holds every time three times over: near one component each.
    const rows = TIMES.flatMap((time) =>
      [0.1, 0.6, 0.9].map((uniform) => {
        const at = diffusedMixture(oracle, process.marginal(time));
        const x = Float32Array.from(mixtureSample(at, uniform, normals()));
        return { time, at, x, scalars: evaluationScalars(process, parameterization, time) };
      }),
    );
    const session = await InferenceSession.create(fileURLToPath(new URL("score.onnx", folder)));
    const outputs = await session.run({
      x: new Tensor("float32", Float32Array.from(rows.flatMap(({ x }) => [...x])), [
        rows.length,
        shape.channels,
        shape.height,
        shape.width,
      ]),
      [network.time.name]: new Tensor(
        "float32",
        Float32Array.from(rows, ({ scalars }) => scalars.time),
        [rows.length],
      ),
    });
    const values = outputs[network.output.name]?.data as Float32Array;
    t.is(values.length, rows.length * dims);

    rows.forEach(({ time, at, x, scalars }, row) => {
      const exact = mixtureScore(at, x);
      // float32 keeps 6e-8 of x and of the means, which std^2 turns into a score; a score is of the size 1 / std.
      const std = Math.min(...at.stds);
      const size = Math.max(...x.map(Math.abs), 1) / std ** 2;
      exact.forEach((expected, i) => {
        const seen =
          scalars.scoreFromInput * x[i]! + scalars.scoreFromOutput * values[row * dims + i]!;
        t.true(
          Math.abs(seen - expected) < 1e-6 * size,
          `t ${time}, element ${i}: ${seen}, exactly ${expected}`,
        );
      });
    });
  });
}
