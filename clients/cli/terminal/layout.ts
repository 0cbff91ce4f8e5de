/** Where the pictures of a grid lie. Lengths are in the pixels of the preview. */
export interface Layout {
  /** Pictures that are shown: the first ones. */
  readonly shown: number;
  readonly columns: number;
  readonly tile: Size;
  /** Of the whole grid. */
  readonly size: Size;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface LayoutRules {
  /** What there is. */
  readonly area: Size;
  /** Between pictures. */
  readonly gap: number;
  /** To what side a smaller picture may be enlarged, by a whole number; a larger one is not. */
  readonly maxSide: number;
  /** How much smaller than it is a picture may be shown. */
  readonly minScale: number;
}

/**
 * The grid that shows all of `count` pictures as large as they fit, or, where they would be too small, the first ones. Of
 * two it is the wider one, which takes fewer lines.
 */
export function layoutOf(count: number, picture: Size, rules: LayoutRules): Layout {
  const { area, gap, maxSide, minScale } = rules;
  const maxScale = Math.max(1, Math.floor(maxSide / Math.max(picture.width, picture.height)));
  for (let shown = count; ; shown--) {
    const grids = Array.from({ length: shown }, (_, i) => {
      const columns = i + 1;
      const rows = Math.ceil(shown / columns);
      const width = (area.width - gap * (columns - 1)) / (columns * picture.width);
      const height = (area.height - gap * (rows - 1)) / (rows * picture.height);
      return { columns, rows, scale: Math.min(width, height, maxScale) };
    });
    const { columns, rows, scale } = grids.reduce((a, b) => (b.scale >= a.scale ? b : a));
    if (scale < minScale && shown > 1) continue;
    const fitted = scale >= 1 ? Math.floor(scale) : scale;
    const tile = {
      width: Math.max(1, Math.floor(fitted * picture.width)),
      height: Math.max(1, Math.floor(fitted * picture.height)),
    };
    const size = {
      width: columns * tile.width + gap * (columns - 1),
      height: rows * tile.height + gap * (rows - 1),
    };
    return { shown, columns, tile, size };
  }
}
