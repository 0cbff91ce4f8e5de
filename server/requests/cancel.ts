import { invalidArgument } from "../errors.ts";

/**
 * The images that a cancel names, each once, in order.
 *
 * @param images that the job has
 * @throws ServerError "invalid-argument" for one that it does not have
 */
export function checkImages(rows: readonly number[], images: number): number[] {
  for (const [i, row] of rows.entries()) {
    if (row < images) continue;
    const expected =
      images === 1
        ? "0: the job has one image"
        : `0 to ${images - 1}: the job has ${images} images`;
    throw invalidArgument(`rows[${i}]`, row, expected);
  }
  return [...new Set(rows)].sort((a, b) => a - b);
}
