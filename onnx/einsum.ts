/** An Einsum's equation with one label an axis. */
export interface EinsumEquation {
  readonly inputs: readonly (readonly string[])[];
  readonly output: readonly string[];
}

/** The labels that stand for the axes of an ellipsis, counted from the last: digits, which no equation has. */
const ELLIPSIS_LABELS = "9876543210";

/**
 * Reads an equation such as "bhid,bhjd->bhij", "...ij,jk" (the output left out: the labels that appear once, sorted).
 *
 * @param ranks of the inputs
 * @returns undefined where the equation doesn't fit the ranks
 */
export function parseEinsum(
  equation: string,
  ranks: readonly number[],
): EinsumEquation | undefined {
  const [left = "", right] = equation.replaceAll(" ", "").split("->");
  const terms = left.split(",");
  if (terms.length !== ranks.length) return undefined;
  const widths = terms.map((term, i) => (ranks[i] ?? 0) - term.replace("...", "").length);
  if (terms.some((term, i) => (term.includes("...") ? (widths[i] ?? 0) < 0 : widths[i] !== 0))) {
    return undefined;
  }
  const inputs = terms.map((term, i) => labels(term, widths[i] ?? 0));
  const width = Math.max(0, ...widths);
  return { inputs, output: labels(right ?? implicitOutput(terms), width) };
}

function labels(term: string, width: number): readonly string[] {
  const ellipsis = ELLIPSIS_LABELS.slice(0, width).split("").reverse().join("");
  return [...term.replace("...", ellipsis)];
}

function implicitOutput(terms: readonly string[]): string {
  const letters = [...terms.join("").replaceAll("...", "")];
  const single = letters.filter(
    (letter) => letters.indexOf(letter) === letters.lastIndexOf(letter),
  );
  const ellipsis = terms.some((term) => term.includes("...")) ? "..." : "";
  return ellipsis + single.sort().join("");
}
