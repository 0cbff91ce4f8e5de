import { type Mean, meanOf, quantileOf } from "./statistics.ts";

/** A picture's likelihood. */
export interface Likelihood {
  readonly bitsPerDim: number;
  readonly evaluations: number;
}

export interface Row {
  readonly pictures: string;
  readonly count: number;
  /** Over the pictures. */
  readonly bitsPerDim: Mean;
  /** Quantiles of 5 % and 95 % over the pictures. */
  readonly range: readonly [low: number, high: number];
  /** Of the pictures, less the bits of the digit that each was made of. */
  readonly above: Mean;
  /** How many are less likely than the digit that they were made of. */
  readonly lessLikely: number;
  /** Mean of a solve. */
  readonly evaluations: number;
}

/** @param digits what the pictures were made of, in the same order; may be more of them */
export function rowOf(
  pictures: string,
  likelihoods: readonly Likelihood[],
  digits: readonly Likelihood[],
): Row {
  const bits = likelihoods.map(({ bitsPerDim }) => bitsPerDim);
  const differences = likelihoods.map(
    ({ bitsPerDim }, k) => bitsPerDim - (digits[k]?.bitsPerDim ?? Number.NaN),
  );
  return {
    pictures,
    count: likelihoods.length,
    bitsPerDim: meanOf(bits),
    range: [quantileOf(bits, 0.05), quantileOf(bits, 0.95)],
    above: meanOf(differences),
    lessLikely: differences.filter((difference) => difference > 0).length,
    evaluations: meanOf(likelihoods.map(({ evaluations }) => evaluations)).mean,
  };
}

const plain = ({ mean, error }: Mean): string => `${mean.toFixed(3)} ± ${error.toFixed(3)}`;

/** The measured part of the page, in Markdown. @param rows the digits themselves first */
export function report(
  rows: readonly Row[],
  setting: { readonly command: string; readonly date: string; readonly machine: string },
): string {
  const lines = rows.map((row, k) => {
    const own = k === 0 ? " | " : `${plain(row.above)} | ${row.lessLikely} of ${row.count}`;
    const { pictures, count, bitsPerDim, evaluations } = row;
    return `| ${pictures} | ${count} | ${plain(bitsPerDim)} | ${own} | ${evaluations.toFixed(0)} |`;
  });
  return [
    "| Pictures | How many | Bits per dimension | Above their own digits | Less likely than their own | Evaluations, mean |",
    "|---|---:|---:|---:|---:|---:|",
    ...lines,
    "",
    `\`${setting.command}\`, ${setting.date}, ${setting.machine}.`,
    "",
  ].join("\n");
}
