import type { Mean } from "./statistics.ts";
import type { Row } from "./table-guidance-report.ts";

/** Sizes in pixels. */
const PANEL = { width: 440, height: 240 } as const;
const MARGIN = { left: 56, top: 84, right: 150, bottom: 46 } as const;

/** Okabe and Ito's colours, which the colour-blind can tell apart. */
const SERIES = [
  { name: "read as asked", color: "#0072b2", of: (row: Row): Mean => row.accuracy },
  { name: "variety of forms", color: "#d55e00", of: (row: Row): Mean => row.forms },
  { name: "variety of colours", color: "#009e73", of: (row: Row): Mean => row.colors },
] as const;
const TICKS = [0, 0.2, 0.4, 0.6, 0.8, 1];
const MOST = 1.2;

const y = (value: number): number => (1 - Math.min(MOST, Math.max(0, value)) / MOST) * PANEL.height;

function text(at: readonly [x: number, y: number], content: string, rest = ""): string {
  return `<text x="${at[0].toFixed(1)}" y="${at[1].toFixed(1)}" ${rest}>${content}</text>`;
}

function line(from: readonly number[], to: readonly number[], rest: string): string {
  const [a, b, c, d] = [...from, ...to].map((value) => value.toFixed(1));
  return `<line x1="${a}" y1="${b}" x2="${c}" y2="${d}" ${rest}/>`;
}

/** Accuracy and variety against the scale, which goes by doublings. SVG. @param rows scales above 0, two or more */
export function picture(rows: readonly Row[]): string {
  const logs = rows.map(({ scale }) => Math.log2(scale));
  const [least, most] = [Math.min(...logs) - 0.2, Math.max(...logs) + 0.2];
  const x = (scale: number): number => ((Math.log2(scale) - least) / (most - least)) * PANEL.width;
  const [right, bottom] = [PANEL.width, PANEL.height];
  const series = SERIES.flatMap(({ name, color, of }, k) => [
    `<polyline points="${rows.map((row) => `${x(row.scale).toFixed(1)},${y(of(row).mean).toFixed(1)}`).join(" ")}" fill="none" stroke="${color}" stroke-width="1.6"/>`,
    ...rows.flatMap((row) => {
      const [at, { mean, error }] = [x(row.scale), of(row)];
      return [
        line([at, y(mean + error)], [at, y(mean - error)], `stroke="${color}"`),
        `<circle cx="${at.toFixed(1)}" cy="${y(mean).toFixed(1)}" r="2.6" fill="${color}"/>`,
      ];
    }),
    line(
      [right + 12, 20 + 20 * k],
      [right + 30, 20 + 20 * k],
      `stroke="${color}" stroke-width="2.4"`,
    ),
    text([right + 36, 24 + 20 * k], name),
  ]);
  const width = MARGIN.left + PANEL.width + MARGIN.right;
  const height = MARGIN.top + PANEL.height + MARGIN.bottom;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="DejaVu Sans, Verdana, sans-serif" font-size="11" fill="#222222">`,
    "<title>Share of samples read as the class asked for, and their variety, against the guidance scale</title>",
    `<rect width="${width}" height="${height}" fill="#fafafa"/>`,
    text(
      [width / 2, 28],
      "Classifier guidance on color-digits",
      'text-anchor="middle" font-size="16" font-weight="bold"',
    ),
    text(
      [width / 2, 48],
      "variety is that of a class over that of unconditional samples;",
      'text-anchor="middle"',
    ),
    text([width / 2, 64], "dashed: 0.95; bars: standard errors", 'text-anchor="middle"'),
    `<g transform="translate(${MARGIN.left} ${MARGIN.top})">`,
    `<rect width="${right}" height="${bottom}" fill="#ffffff" stroke="#999999"/>`,
    ...TICKS.flatMap((value) => [
      line([0, y(value)], [right, y(value)], 'stroke="#dddddd"'),
      text([-6, y(value) + 4], String(value), 'text-anchor="end"'),
    ]),
    ...rows.map(({ scale }) =>
      text([x(scale), bottom + 16], String(scale), 'text-anchor="middle"'),
    ),
    line([0, y(0.95)], [right, y(0.95)], 'stroke="#777777" stroke-dasharray="4 3"'),
    ...series,
    text([right / 2, bottom + 36], "guidance scale", 'text-anchor="middle" font-size="13"'),
    "</g>",
    "</svg>\n",
  ].join("\n");
}
