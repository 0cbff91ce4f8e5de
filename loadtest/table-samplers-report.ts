import type { Family } from "./table-samplers-cases.ts";
import {
  DIMENSIONS,
  type Dimension,
  PROCESS_NAMES,
  type ProcessName,
} from "./table-samplers-truth.ts";
import type { Measured } from "./table-samplers-worker.ts";

export interface Quality {
  /** Mean over the seeds. */
  readonly distance: number;
  /** Standard error of that mean. */
  readonly error: number;
  readonly evaluations: number;
}

export interface Row extends Quality {
  readonly dims: Dimension;
  readonly process: ProcessName;
  readonly sampler: string;
  /** None: exact samples. */
  readonly family?: Family;
  /** Evaluations aimed at, or a tolerance. */
  readonly setting: string;
}

export function summary({ distances, evaluations }: Measured): Quality {
  const count = distances.length;
  const distance = distances.reduce((sum, value) => sum + value, 0) / count;
  const squares = distances.reduce((sum, value) => sum + (value - distance) ** 2, 0);
  return { distance, error: Math.sqrt(squares / (count - 1) / count), evaluations };
}

const COLUMNS = ["10", "20", "50", "200", "1000"];
const ADAPTIVE = "rk45";

/** Thousandths, so that no table is full of zeros. */
function cell(row: Row | undefined): string {
  if (row === undefined) return "";
  const { distance, error } = row;
  const digits = Math.max(0, 1 - Math.floor(Math.log10(1000 * error)));
  if (distance >= 10) return `${Math.round(1000 * distance)}`;
  return `${(1000 * distance).toFixed(Math.min(digits, 2))} ± ${(1000 * error).toFixed(Math.min(digits, 2))}`;
}

const TITLES: Readonly<Record<ProcessName, string>> = { ve: "VE", vp: "VP" };

/** The measured tables, in Markdown. */
export function table(rows: readonly Row[], floors: readonly Row[]): string {
  const settings = DIMENSIONS.flatMap((dims) =>
    PROCESS_NAMES.map((process) => ({ dims, process })),
  );
  const fixed = settings.map(({ dims, process }) => {
    const own = rows.filter((row) => row.dims === dims && row.process === process);
    const floor = floors.find((row) => row.dims === dims && row.process === process);
    const samplers = [...new Set(own.map((row) => row.sampler))].filter((s) => s !== ADAPTIVE);
    const lines = samplers.map((sampler) => {
      const cells = COLUMNS.map((setting) =>
        cell(own.find((row) => row.sampler === sampler && row.setting === setting)),
      );
      return `| ${sampler} | ${cells.join(" | ")} |`;
    });
    return [
      `**${TITLES[process]}, ${dims} dimensions** (exact samples: ${cell(floor)})`,
      "",
      `| Sampler | ${COLUMNS.join(" | ")} |`,
      `|---|${COLUMNS.map(() => "---:").join("|")}|`,
      ...lines,
      "",
    ].join("\n");
  });
  return [...fixed, adaptiveTable(rows)].join("\n");
}

function adaptiveTable(rows: readonly Row[]): string {
  const lines = rows
    .filter((row) => row.sampler === ADAPTIVE)
    .map((row) => {
      const { dims, process, setting, evaluations } = row;
      return `| ${TITLES[process]}, ${dims} dimensions | ${setting} | ${evaluations.toFixed(1)} | ${cell(row)} |`;
    });
  return [
    `**${ADAPTIVE}**`,
    "",
    "| Data | Tolerance | Evaluations, mean | Distance |",
    "|---|---:|---:|---:|",
    ...lines,
    "",
  ].join("\n");
}
