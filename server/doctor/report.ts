import type { Diagnosis, Throughput } from "./diagnosis.ts";

/** A diagnosis for people to read. */
export function report({ machine, providers, models, throughput }: Diagnosis): string {
  const { versions, cpu } = machine;
  const lines = [
    `scorestream ${versions.scorestream}, Node ${versions.node}, onnxruntime-node ${versions["onnxruntime-node"]}, ${machine.platform}, kernel ${versions.kernel}`,
    `CPU: ${cpu.model}, ${cpu.threads} threads; ${cpu.features.join(" ") || "features unknown"}`,
    `memory: ${machine.memoryGib.toFixed(1)} GiB`,
    `NVIDIA driver: ${machine.nvidiaDriver ?? "none"}`,
    `Vulkan drivers: ${machine.vulkanDrivers.join(", ") || "none"}`,
    "",
  ];
  for (const { device, provider, works, reason = "", missing } of providers) {
    const name = device === undefined ? "" : `${device.padEnd(12)}`;
    lines.push(`${name}${provider.padEnd(10)}${works ? "works" : `does not work: ${reason}`}`);
    if (!works) lines.push(...missing.map((one) => `${" ".repeat(10)}${one}`));
  }
  for (const { model, message } of models.problems) lines.push("", `model ${model}: ${message}`);
  if (throughput.length > 0) lines.push("", ...table(throughput));
  return `${lines.join("\n")}\n`;
}

/** Evaluations a second, a column a batch size. */
function table(throughput: readonly Throughput[]): readonly string[] {
  const sizes = [...new Set(throughput.flatMap((one) => one.sizes.map(({ rows }) => rows)))];
  sizes.sort((a, b) => a - b);
  const head = ["model", "provider", ...sizes.map(String), "best"];
  const rows = throughput.map(({ model, device, sizes: measured, bestRows, problem, ...on }) => {
    const provider = device === undefined ? on.provider : `${device}, ${on.provider}`;
    if (problem !== undefined) return [model, provider, problem];
    const cells = sizes.map((size) => {
      const found = measured.find(({ rows }) => rows === size);
      return found === undefined ? "-" : shortNumber(found.evaluationsPerSecond);
    });
    return [model, provider, ...cells, `${bestRows ?? "-"} rows`];
  });
  const all = [head, ...rows];
  const widths = head.map((_, column) =>
    Math.max(
      ...all.filter((row) => row.length === head.length).map((row) => row[column]?.length ?? 0),
    ),
  );
  const names = 2;
  return [
    "evaluations a second by rows of a batch:",
    ...all.map((row) =>
      row
        .map((cell, column) => {
          const width = widths[column] ?? 0;
          return column < names ? cell.padEnd(width) : cell.padStart(width);
        })
        .join("  ")
        .trimEnd(),
    ),
  ];
}

/** Three digits are more than such a measurement is worth. */
function shortNumber(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
