/** One line of a chart. */
export interface Series {
  readonly name: string;
  readonly color: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** An axis: linear from 0, or logarithmic. */
export interface Axis {
  readonly label: string;
  readonly log?: boolean;
  /** Where there are ticks; left out: chosen. */
  readonly ticks?: readonly (readonly [at: number, label: string])[];
}

/** In pixels. */
const WIDTH = 640;
const HEIGHT = 260;
const MARGIN = { left: 62, right: 16, top: 34, bottom: 44 } as const;

/** Of a logarithmic axis: what is below lies at its foot, so that one tiny value does not flatten all others. */
const MAX_DECADES = 4;

/** Okabe and Ito's colours, which the colour-blind can tell apart. */
export const COLORS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"] as const;

/** A line chart with its legend, for a page whose styles colour its text and lines; "" where there is nothing to draw. */
export function lineChart(title: string, series: readonly Series[], x: Axis, y: Axis): string {
  const points = series.flatMap((each) => each.points);
  if (points.length === 0) return "";
  const [toX, ticksX] = scale(
    x,
    points.map(([at]) => at),
    WIDTH - MARGIN.left - MARGIN.right,
  );
  const [up, ticksY] = scale(
    y,
    points.map(([, at]) => at),
    HEIGHT - MARGIN.top - MARGIN.bottom,
  );
  const bottom = HEIGHT - MARGIN.bottom;
  const px = (at: number): string => (MARGIN.left + toX(at)).toFixed(1);
  const py = (at: number): string => (bottom - up(at)).toFixed(1);
  return [
    "<figure>",
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(title)}">`,
    `<text x="${MARGIN.left}" y="18" class="title">${escapeHtml(title)}</text>`,
    ...ticksY.flatMap(([at, label]) => [
      `<line class="grid" x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${py(at)}" y2="${py(at)}"/>`,
      `<text x="${MARGIN.left - 6}" y="${py(at)}" text-anchor="end" dominant-baseline="middle">${label}</text>`,
    ]),
    ...ticksX.map(
      ([at, label]) =>
        `<text x="${px(at)}" y="${bottom + 16}" text-anchor="middle">${label}</text>`,
    ),
    `<text x="${WIDTH / 2}" y="${HEIGHT - 8}" text-anchor="middle">${escapeHtml(x.label)}</text>`,
    `<text transform="translate(12 ${HEIGHT / 2}) rotate(-90)" text-anchor="middle">${escapeHtml(y.label)}</text>`,
    ...series.map(
      ({ color, points: line }) =>
        `<polyline fill="none" stroke="${color}" stroke-width="1.8" points="${line.map(([a, b]) => `${px(a)},${py(b)}`).join(" ")}"/>`,
    ),
    "</svg>",
    `<p class="legend">${series.map(({ name, color }) => `<span><i style="background:${color}"></i>${escapeHtml(name)}</span>`).join(" ")}</p>`,
    "</figure>",
  ].join("\n");
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

type Ticks = readonly (readonly [at: number, label: string])[];

/** From a value to pixels, and the ticks. */
function scale(
  axis: Axis,
  values: readonly number[],
  pixels: number,
): readonly [to: (value: number) => number, ticks: Ticks] {
  const most = Math.max(...values);
  if (axis.log !== true) {
    // Where the ticks are given, nothing is to the right of the last point.
    const [step, top] = axis.ticks === undefined ? steps(most) : [most, Math.max(most, 1e-9)];
    const chosen = Array.from({ length: Math.round(top / step) + 1 }, (_, i) => i * step);
    return [(value) => (value / top) * pixels, axis.ticks ?? chosen.map((at) => [at, short(at)])];
  }
  const least = Math.min(...values.filter((value) => value > 0), most);
  const high = Math.ceil(Math.log10(most) + 1e-9);
  const low = Math.max(Math.floor(Math.log10(least)), high - MAX_DECADES);
  const decades = Math.max(1, high - low);
  const to = (value: number): number =>
    ((Math.log10(Math.max(value, 10 ** low)) - low) / decades) * pixels;
  const chosen = Array.from({ length: decades + 1 }, (_, i) => 10 ** (low + i));
  return [to, axis.ticks ?? chosen.map((at) => [at, short(at)])];
}

/** A round step, and the first multiple of it that is not below the largest value. */
function steps(most: number): readonly [step: number, top: number] {
  const rough = Math.max(most, 1e-9) / 5;
  const decade = 10 ** Math.floor(Math.log10(rough));
  const step = decade * ([1, 2, 5, 10].find((factor) => factor * decade >= rough) ?? 10);
  return [step, step * Math.max(1, Math.ceil(most / step - 1e-9))];
}

function short(value: number): string {
  if (value >= 1e6) return `${Number((value / 1e6).toFixed(1))}M`;
  return value >= 1000
    ? `${Number((value / 1000).toFixed(1))}k`
    : String(Number(value.toPrecision(3)));
}
