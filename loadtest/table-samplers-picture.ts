import { FAMILIES, type Family } from "./table-samplers-cases.ts";
import type { Row } from "./table-samplers-report.ts";
import {
  DIMENSIONS,
  type Dimension,
  PROCESS_NAMES,
  type ProcessName,
} from "./table-samplers-truth.ts";

/** Sizes in pixels. */
const PANEL = { width: 250, height: 200, gapX: 26, gapY: 34 } as const;
const MARGIN = { left: 96, top: 196, right: 16, bottom: 52 } as const;
const LEGEND_LINE = 16;

/** Okabe and Ito's colours, which the colour-blind can tell apart. */
const COLORS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"];
const INK = "#222222";
const FAINT = "#dddddd";

const EVALUATIONS = { least: 8, most: 1300 } as const;
const DECADES_X = [10, 100, 1000];

interface Scale {
  readonly x: (evaluations: number) => number;
  readonly y: (distance: number) => number;
  readonly ticks: readonly number[];
}

function scaleOf(rows: readonly Row[], floor: number): Scale {
  const least = Math.log10(floor) - 0.3;
  const most = Math.min(1, Math.log10(Math.max(...rows.map((row) => row.distance))) + 0.1);
  const [left, right] = [Math.log10(EVALUATIONS.least), Math.log10(EVALUATIONS.most)];
  const decades = Array.from({ length: 12 }, (_, k) => k - 8);
  return {
    x: (evaluations) => ((Math.log10(evaluations) - left) / (right - left)) * PANEL.width,
    y: (distance) => {
      const share = (Math.log10(distance) - least) / (most - least);
      return (1 - Math.min(1, Math.max(0, share))) * PANEL.height;
    },
    ticks: decades.filter((k) => k > least && k < most).map((k) => 10 ** k),
  };
}

function text(x: number, y: number, content: string, rest = ""): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${rest}>${content}</text>`;
}

function line(x1: number, y1: number, x2: number, y2: number, rest: string): string {
  const [a, b, c, d] = [x1, y1, x2, y2].map((value) => value.toFixed(1));
  return `<line x1="${a}" y1="${b}" x2="${c}" y2="${d}" ${rest}/>`;
}

/** One sampler's line with its standard errors. */
function series(rows: readonly Row[], scale: Scale, color: string): string {
  const sorted = [...rows].sort((a, b) => a.evaluations - b.evaluations);
  const points = sorted.map(({ evaluations, distance, error }) => {
    const x = scale.x(evaluations);
    const [high, low] = [distance + error, Math.max(distance - error, distance / 10)];
    return {
      at: `${x.toFixed(1)},${scale.y(distance).toFixed(1)}`,
      bar: line(x, scale.y(high), x, scale.y(low), `stroke="${color}" stroke-width="1"`),
      dot: `<circle cx="${x.toFixed(1)}" cy="${scale.y(distance).toFixed(1)}" r="2.4" fill="${color}"/>`,
    };
  });
  const path = points.map(({ at }) => at).join(" ");
  return [
    `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="1.4"/>`,
    ...points.flatMap(({ bar, dot }) => [bar, dot]),
  ].join("");
}

interface PanelOptions {
  readonly rows: readonly Row[];
  readonly samplers: readonly string[];
  readonly floor: number;
  readonly scale: Scale;
  readonly labelled: { readonly x: boolean; readonly y: boolean };
}

function panel({ rows, samplers, floor, scale, labelled }: PanelOptions): string {
  const { width, height } = PANEL;
  const level = scale.y(floor);
  return [
    `<rect width="${width}" height="${height}" fill="#ffffff" stroke="#999999"/>`,
    ...DECADES_X.map((value) => {
      const x = scale.x(value);
      const label = labelled.x ? text(x, height + 15, String(value), 'text-anchor="middle"') : "";
      return line(x, 0, x, height, `stroke="${FAINT}"`) + label;
    }),
    ...scale.ticks.map((value) => {
      const y = scale.y(value);
      const label = labelled.y ? text(-6, y + 4, String(value), 'text-anchor="end"') : "";
      return line(0, y, width, y, `stroke="${FAINT}"`) + label;
    }),
    line(0, level, width, level, 'stroke="#777777" stroke-dasharray="4 3"'),
    ...samplers.map((sampler, k) =>
      series(
        rows.filter((row) => row.sampler === sampler),
        scale,
        COLORS[k % COLORS.length] ?? INK,
      ),
    ),
  ].join("\n");
}

function legend(family: Family, samplers: readonly string[]): string {
  return [
    text(0, -12 - LEGEND_LINE * 7, family, 'font-weight="bold" font-size="13"'),
    ...samplers.map((sampler, k) => {
      const y = -12 - LEGEND_LINE * (6 - k);
      const color = COLORS[k % COLORS.length] ?? INK;
      return (
        line(0, y - 4, 18, y - 4, `stroke="${color}" stroke-width="2.4"`) + text(24, y, sampler)
      );
    }),
  ].join("\n");
}

const TITLES: Readonly<Record<ProcessName, string>> = { ve: "VE", vp: "VP" };

function rowTitle(process: ProcessName, dims: Dimension, y: number): string {
  const middle = y + PANEL.height / 2;
  const title = `${TITLES[process]}, ${dims} dimensions`;
  const turn = `transform="rotate(-90 22 ${middle})" text-anchor="middle" font-weight="bold" font-size="13"`;
  return text(22, middle, title, turn);
}

/** Energy distance against evaluations, log-log: a row of panels a mixture and process, a column a family. SVG. */
export function picture(rows: readonly Row[], floors: readonly Row[]): string {
  const settings = DIMENSIONS.flatMap((dims) =>
    PROCESS_NAMES.map((process) => ({ dims, process })),
  );
  const width =
    MARGIN.left + FAMILIES.length * (PANEL.width + PANEL.gapX) - PANEL.gapX + MARGIN.right;
  const bottom = MARGIN.top + settings.length * (PANEL.height + PANEL.gapY) - PANEL.gapY;
  const height = bottom + MARGIN.bottom;
  const parts = settings.flatMap(({ dims, process }, r) => {
    const own = rows.filter((row) => row.dims === dims && row.process === process);
    const floor =
      floors.find((row) => row.dims === dims && row.process === process)?.distance ?? 1e-3;
    const scale = scaleOf(own, floor);
    const y = MARGIN.top + r * (PANEL.height + PANEL.gapY);
    const panels = FAMILIES.map((family, c) => {
      const x = MARGIN.left + c * (PANEL.width + PANEL.gapX);
      const mine = own.filter((row) => row.family === family);
      const samplers = [...new Set(mine.map((row) => row.sampler))];
      const labelled = { x: true, y: c === 0 };
      const body = panel({ rows: mine, samplers, floor, scale, labelled });
      const head = r === 0 ? legend(family, samplers) : "";
      return `<g transform="translate(${x} ${y})">${head}${body}</g>`;
    });
    return [rowTitle(process, dims, y), ...panels];
  });
  const middle = 'text-anchor="middle" font-size="13"';
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="DejaVu Sans, Verdana, sans-serif" font-size="11" fill="${INK}">`,
    "<title>Energy distance to exact samples against network evaluations, for every sampler</title>",
    `<rect width="${width}" height="${height}" fill="#fafafa"/>`,
    text(
      width / 2,
      28,
      "Energy distance to exact samples, in widths of the data&#8217;s range, against network evaluations",
      'text-anchor="middle" font-size="16" font-weight="bold"',
    ),
    text(
      width / 2,
      48,
      "dashed: exact samples against exact samples; bars: standard error over independent seeds",
      middle,
    ),
    ...parts,
    text(width / 2, height - 14, "network evaluations of a sample", middle),
    "</svg>\n",
  ].join("\n");
}
