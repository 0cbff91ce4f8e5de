import type { DecisionCost } from "./simulate/decision-cost.ts";

/** What both servers did at one load. */
export interface LoadRow {
  readonly load: number;
  /** In ms. */
  readonly ours: { readonly firstPreviewP95Ms: number; readonly goodput: number };
  readonly rival: { readonly firstPreviewP95Ms: number; readonly goodput: number };
}

/** Sizes in pixels. */
const PANEL = { width: 270, height: 220, gap: 84 } as const;
const MARGIN = { left: 72, top: 104, right: 28, bottom: 52 } as const;

/** Okabe and Ito's colours, which the colour-blind can tell apart. */
const OURS = "#0072b2";
const RIVAL = "#d55e00";
const ALL_READY = "#009e73";

type Point = readonly [x: number, y: number];

interface Axis {
  /** Shares of the panel's width or height, 0 to 1. */
  readonly at: (value: number) => number;
  readonly ticks: readonly (readonly [value: number, label: string])[];
}

interface Panel {
  readonly title: string;
  readonly caption: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly { readonly color: string; readonly points: readonly Point[] }[];
}

/** Time to the first preview and goodput against load, and a decision's cost against what waits. SVG. */
export function picture(
  rows: readonly LoadRow[],
  costs: readonly DecisionCost[],
  unbounded: readonly DecisionCost[],
): string {
  const [least, most] = [Math.min(...rows.map((row) => row.load)), 1];
  const load: Axis = {
    at: (value) => (value - least + 0.03) / (most - least + 0.06),
    ticks: rows.map((row) => [row.load, `${Math.round(100 * row.load)} %`]),
  };
  const both = (of: (served: LoadRow["ours"]) => number): Panel["series"] => [
    { color: OURS, points: rows.map((row) => [row.load, of(row.ours)]) },
    { color: RIVAL, points: rows.map((row) => [row.load, of(row.rival)]) },
  ];
  const mostMs = 1.25 * Math.max(...[...costs, ...unbounded].map(({ medianMs }) => medianMs));
  const panels: Panel[] = [
    {
      title: "time to first preview, 95th percentile, ms",
      caption: "load",
      x: load,
      y: logarithmic(10, 10_000),
      series: both((served) => served.firstPreviewP95Ms),
    },
    {
      title: "jobs done by their deadlines",
      caption: "load",
      x: load,
      y: {
        at: (value) => (value - 0.5) / 0.55,
        ticks: [0.5, 0.6, 0.7, 0.8, 0.9, 1].map((value) => [value, `${Math.round(100 * value)} %`]),
      },
      series: both((served) => served.goodput),
    },
    {
      title: "a decision, median, ms",
      caption: "rows before a device",
      x: logarithmic(500, 2e6),
      y: { at: (value) => value / mostMs, ticks: ticksTo(mostMs) },
      series: [
        { color: OURS, points: costs.map((cost) => [cost.rows, cost.medianMs]) },
        { color: ALL_READY, points: unbounded.map((cost) => [cost.rows, cost.medianMs]) },
      ],
    },
  ];
  const width = MARGIN.left + 3 * PANEL.width + 2 * PANEL.gap + MARGIN.right;
  const height = MARGIN.top + PANEL.height + MARGIN.bottom;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="DejaVu Sans, Verdana, sans-serif" font-size="11" fill="#222222">`,
    "<title>Batches of steps against batches of requests, and what a decision costs</title>",
    `<rect width="${width}" height="${height}" fill="#fafafa"/>`,
    text(
      [width / 2, 28],
      "Batches of steps against batches of requests, on the same simulated devices",
      'text-anchor="middle" font-size="16" font-weight="bold"',
    ),
    ...[
      { color: OURS, name: "this scheduler: batches of steps" },
      { color: RIVAL, name: "rival: batches of requests" },
      { color: ALL_READY, name: "where every row has registers" },
    ].flatMap(({ color, name }, k) => {
      const x = width / 2 - 390 + 270 * k;
      return [
        line([x, 52], [x + 22, 52], `stroke="${color}" stroke-width="2.4"`),
        text([x + 28, 56], name),
      ];
    }),
    ...panels.map((each, k) => {
      const x = MARGIN.left + k * (PANEL.width + PANEL.gap);
      return `<g transform="translate(${x} ${MARGIN.top})">\n${panel(each)}\n</g>`;
    }),
    "</svg>\n",
  ].join("\n");
}

function panel({ title, caption, x, y, series }: Panel): string {
  const { width, height } = PANEL;
  const at = ([u, v]: Point): Point => [x.at(u) * width, (1 - y.at(v)) * height];
  return [
    text([width / 2, -12], title, 'text-anchor="middle" font-weight="bold"'),
    `<rect width="${width}" height="${height}" fill="#ffffff" stroke="#999999"/>`,
    ...y.ticks.flatMap(([value, label]) => {
      const level = (1 - y.at(value)) * height;
      return [
        line([0, level], [width, level], 'stroke="#dddddd"'),
        text([-6, level + 4], label, 'text-anchor="end"'),
      ];
    }),
    ...x.ticks.map(([value, label]) =>
      text([x.at(value) * width, height + 16], label, 'text-anchor="middle"'),
    ),
    ...series.flatMap(({ color, points }) => {
      const placed = points.map(at);
      const path = placed.map(([u, v]) => `${u.toFixed(1)},${v.toFixed(1)}`).join(" ");
      return [
        `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="1.6"/>`,
        ...placed.map(
          ([u, v]) => `<circle cx="${u.toFixed(1)}" cy="${v.toFixed(1)}" r="2.8" fill="${color}"/>`,
        ),
      ];
    }),
    text([width / 2, height + 38], caption, 'text-anchor="middle" font-size="13"'),
  ].join("\n");
}

function text(at: Point, content: string, rest = ""): string {
  return `<text x="${at[0].toFixed(1)}" y="${at[1].toFixed(1)}" ${rest}>${content}</text>`;
}

function line(from: Point, to: Point, rest: string): string {
  const [a, b, c, d] = [...from, ...to].map((value) => value.toFixed(1));
  return `<line x1="${a}" y1="${b}" x2="${c}" y2="${d}" ${rest}/>`;
}

/** A tick at each power of ten. */
function logarithmic(least: number, most: number): Axis {
  const [low, high] = [Math.log10(least), Math.log10(most)];
  const powers = Array.from(
    { length: Math.floor(high) - Math.ceil(low) + 1 },
    (_, k) => Math.ceil(low) + k,
  );
  return {
    at: (value) => (Math.log10(value) - low) / (high - low),
    ticks: powers.map((power) => [10 ** power, (10 ** power).toLocaleString("en")]),
  };
}

/** From 0 up, by 1, 2 or 5 times a power of ten: at most six. */
function ticksTo(most: number): Axis["ticks"] {
  const power = 10 ** Math.floor(Math.log10(most / 5));
  const step = [1, 2, 5, 10].map((k) => k * power).find((size) => most / size <= 5) ?? most;
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, k) => [
    k * step,
    String(Number((k * step).toPrecision(3))),
  ]);
}
