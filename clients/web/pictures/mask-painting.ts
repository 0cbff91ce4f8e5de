import type { Picture } from "./picture.ts";

/** Regions that are filled with one press. */
export const REGIONS = ["left half", "right half", "top half", "bottom half", "middle"] as const;
export type Region = (typeof REGIONS)[number];

/** A place between pixels: (0, 0) is the upper left corner of the first one. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Steps that can be taken back. */
const MAX_UNDO = 100;

/** A mask as it is painted: 1 where the picture is to be filled, 0 where it is known. */
export class MaskPainting {
  readonly width: number;
  readonly height: number;
  #cells: Uint8Array<ArrayBuffer>;
  readonly #before: Uint8Array<ArrayBuffer>[] = [];

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.#cells = new Uint8Array(width * height);
  }

  /** uint8[height, width]; not to be changed. */
  get cells(): Readonly<Uint8Array> {
    return this.#cells;
  }

  /** Part of the picture that is to be filled, 0 to 1. */
  get filled(): number {
    return this.#cells.reduce((sum, cell) => sum + cell, 0) / this.#cells.length;
  }

  get canUndo(): boolean {
    return this.#before.length > 0;
  }

  /** Begins a step that `undo` takes back as one: a stroke from where the pointer goes down to where it goes up. */
  begin(): void {
    this.#before.push(this.#cells.slice());
    if (this.#before.length > MAX_UNDO) this.#before.shift();
  }

  /** Sets every pixel whose middle is within `radius` of the line between two points, in pixels. */
  stroke(from: Point, to: Point, radius: number, value: 0 | 1): void {
    for (let y = 0; y < this.height; y++) {
      for (let x = 0; x < this.width; x++) {
        if (distance({ x: x + 0.5, y: y + 0.5 }, from, to) <= radius) {
          this.#cells[y * this.width + x] = value;
        }
      }
    }
  }

  fill(region: Region): void {
    this.begin();
    for (let i = 0; i < this.#cells.length; i++) {
      const x = ((i % this.width) + 0.5) / this.width;
      const y = (Math.floor(i / this.width) + 0.5) / this.height;
      if (isIn(region, x, y)) this.#cells[i] = 1;
    }
  }

  invert(): void {
    this.begin();
    this.#cells = this.#cells.map((cell) => 1 - cell);
  }

  clear(): void {
    this.begin();
    this.#cells = new Uint8Array(this.#cells.length);
  }

  undo(): void {
    this.#cells = this.#before.pop() ?? this.#cells;
  }

  /** As the contract has masks: white is known and kept, black is to be filled. */
  toPicture(): Picture {
    const values = this.#cells.map((cell) => (cell === 1 ? 0 : 255));
    return { width: this.width, height: this.height, channels: 1, values };
  }
}

function isIn(region: Region, x: number, y: number): boolean {
  switch (region) {
    case "left half":
      return x < 0.5;
    case "right half":
      return x > 0.5;
    case "top half":
      return y < 0.5;
    case "bottom half":
      return y > 0.5;
    case "middle":
      return Math.abs(x - 0.5) < 0.25 && Math.abs(y - 0.5) < 0.25;
  }
}

/** Of a point from the line between two others. */
function distance(point: Point, from: Point, to: Point): number {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length2 = dx ** 2 + dy ** 2;
  const along = length2 === 0 ? 0 : ((point.x - from.x) * dx + (point.y - from.y) * dy) / length2;
  const at = Math.min(1, Math.max(0, along));
  return Math.hypot(point.x - from.x - at * dx, point.y - from.y - at * dy);
}
