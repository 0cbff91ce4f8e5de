/** The shape of a picture: its vectors are row-major [channels, height, width]. */
export interface Shape {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** D, the number of elements. */
export function elementsOf({ channels, height, width }: Shape): number {
  return channels * height * width;
}

/** For messages: "3 x 32 x 32". */
export function describeShape({ channels, height, width }: Shape): string {
  return `${channels} x ${height} x ${width}`;
}

/** @throws RangeError unless all three are integers of at least 1 */
export function checkShape(shape: Shape): void {
  const { channels, height, width } = shape;
  if (![channels, height, width].every((size) => Number.isInteger(size) && size >= 1)) {
    throw new RangeError(`a shape needs integers of at least 1; seen ${describeShape(shape)}`);
  }
}
