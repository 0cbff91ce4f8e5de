import { type ColorDigit, meanPairwiseDistance, takeApart } from "./color-digit.ts";
import { type Mean, meanOf, shareOf } from "./statistics.ts";
import type { Drawn, ReadPicture } from "./table-guidance-draw.ts";

/** What pictures are like. */
export interface Measured {
  readonly evaluations: number;
  readonly count: number;
  /** Share of the pictures that are read as the class that was asked for. */
  readonly accuracy: Mean;
  /** Of each class, how many are read as it; of those for which it was asked, where a class was. */
  readonly hits: readonly number[];
  /** The reader's probability of what it reads. */
  readonly certainty: Mean;
  /** How unlike in form the pictures of a class are, over how unlike unconditional ones are; over the classes. */
  readonly forms: Mean;
  /** The same in their two colours. */
  readonly colors: Mean;
  /** What two colours leave unexplained, root mean square. */
  readonly residual: Mean;
}

/** What came of a scale. */
export interface Row extends Measured {
  /** 0: no class was asked for. */
  readonly scale: number;
}

/** Pictures taken apart, in a list for each class: those that are read as it. */
export type ByClass = readonly (readonly ColorDigit[])[];

/** @param conditional whether a class was asked for: then pictures that are read as another are left out */
export function byClass(
  pictures: readonly ReadPicture[],
  classes: number,
  conditional: boolean,
): ByClass {
  return Array.from({ length: classes }, (_, label) =>
    pictures
      .filter(({ asked, read }) => read === label && (!conditional || asked === label))
      .map(({ pixels }) => takeApart(pixels)),
  );
}

/** Mean over the classes of the mean pairwise distance in a class over that of the same class of `reference`. */
export function diversity(own: ByClass, reference: ByClass, part: "mask" | "colors"): Mean {
  const spread = (digits: readonly ColorDigit[]): number =>
    meanPairwiseDistance(digits.map((digit) => digit[part]));
  const ratios = own.map((digits, label) => spread(digits) / spread(reference[label] ?? []));
  return meanOf(ratios.filter(Number.isFinite));
}

/** @param reference what their variety is compared with. @param conditional whether a class was asked for */
export function measure(
  { pictures, evaluations }: Drawn,
  reference: ByClass,
  conditional: boolean,
): Measured {
  const own = byClass(pictures, reference.length, conditional);
  const hits = own.map((digits) => digits.length);
  const asAsked = pictures.filter(({ asked, read }) => asked === read).length;
  const parts = pictures.map(({ pixels }) => takeApart(pixels));
  return {
    evaluations,
    count: pictures.length,
    accuracy: shareOf(asAsked, pictures.length),
    hits,
    certainty: meanOf(pictures.map(({ certainty }) => certainty)),
    forms: diversity(own, reference, "mask"),
    colors: diversity(own, reference, "colors"),
    residual: meanOf(parts.map(({ residual }) => residual)),
  };
}

/** Of 100 pictures, so many are to be read as asked. */
export const TARGET = 0.95;

/**
 * The smallest scale that is above the target by a standard error, since a larger one costs diversity; the most
 * accurate where there is none.
 *
 * @throws RangeError without a scale above 0
 */
export function recommended(rows: readonly Row[]): Row {
  const scaled = rows.filter(({ scale }) => scale > 0).sort((a, b) => a.scale - b.scale);
  const best = [...scaled].sort((a, b) => b.accuracy.mean - a.accuracy.mean)[0];
  if (best === undefined) throw new RangeError("no scale above 0");
  return scaled.find(({ accuracy }) => accuracy.mean - accuracy.error >= TARGET) ?? best;
}

/** A sampler at the recommended scale. */
export interface SamplerRow {
  readonly sampler: string;
  readonly row: Measured;
}

const percent = ({ mean, error }: Mean): string =>
  `${(100 * mean).toFixed(1)} ± ${(100 * error).toFixed(1)}`;
const plain = ({ mean, error }: Mean, digits: number): string =>
  `${mean.toFixed(digits)} ± ${error.toFixed(digits)}`;

const COLUMNS = [
  "Read as asked, %",
  "Reader's certainty, %",
  "Forms",
  "Colours",
  "Off its two colours",
];
const ALIGNED = COLUMNS.map(() => "---:").join("|");

/** @param conditional whether a class was asked for */
function cells(
  { accuracy, certainty, forms, colors, residual }: Measured,
  conditional = true,
): string {
  const asked = conditional ? percent(accuracy) : "";
  const all = [asked, percent(certainty), plain(forms, 2), plain(colors, 2), plain(residual, 4)];
  return all.join(" | ");
}

function lineOf(row: Row): string {
  return `| ${row.scale > 0 ? row.scale : "no class"} | ${cells(row, row.scale > 0)} |`;
}

export interface Findings {
  readonly rows: readonly Row[];
  readonly samplers: readonly SamplerRow[];
  readonly classes: readonly string[];
  /** As the tables name it. */
  readonly sampler: string;
  /** Held-out pictures, where a folder of them was given. */
  readonly heldOut?: Measured | undefined;
  readonly command: string;
  readonly machine: string;
  /** YYYY-MM-DD. */
  readonly date: string;
}

/** The measured part of the page, in Markdown. */
export function report(findings: Findings): string {
  const { rows, samplers, classes, sampler, heldOut } = findings;
  const chosen = recommended(rows);
  const perClass = chosen.count / classes.length;
  return [
    `Recommended: **scale ${chosen.scale}** with **${sampler}**: ${percent(chosen.accuracy)} % read as asked.`,
    "",
    `**Scales**: ${sampler}, ${chosen.count} samples each, ${perClass} of a class.`,
    "",
    `| Scale | ${COLUMNS.join(" | ")} |`,
    `|---|${ALIGNED}|`,
    ...rows.map(lineOf),
    ...(heldOut === undefined ? [] : [`| held-out digits | ${cells(heldOut)} |`]),
    "",
    `**By class**: how many of ${perClass} are read as asked; of "no class", how many of ${chosen.count} are read as each.`,
    "",
    `| Scale | ${classes.join(" | ")} |`,
    `|---|${classes.map(() => "---:").join("|")}|`,
    ...rows.map(({ scale, hits }) => `| ${scale > 0 ? scale : "no class"} | ${hits.join(" | ")} |`),
    "",
    `**Samplers** at scale ${chosen.scale}, ${samplers[0]?.row.count ?? 0} samples each.`,
    "",
    `| Sampler | Evaluations | ${COLUMNS.join(" | ")} |`,
    `|---|---:|${ALIGNED}|`,
    ...samplers.map((each) => `| ${each.sampler} | ${each.row.evaluations} | ${cells(each.row)} |`),
    "",
    `\`${findings.command}\`, ${findings.date}, ${findings.machine}.`,
    "",
  ].join("\n");
}
