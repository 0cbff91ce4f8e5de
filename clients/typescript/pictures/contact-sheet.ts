import sharp from "sharp";

/** One row of a contact sheet. */
export interface SheetRow {
  /** Two lines beside the pictures, plain text. */
  readonly label: readonly [name: string, detail: string];
  /** Encoded pictures. */
  readonly pictures: readonly Uint8Array[];
}

/** In pixels. */
const GAP = 3;
const LABEL_WIDTH = 270;
const FONT = "DejaVu Sans, Liberation Sans, Arial, sans-serif";

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** The label of a row as a picture; blank where the machine has no font. */
function drawLabel([name, detail]: SheetRow["label"], height: number): Promise<Buffer> {
  const middle = height / 2;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${LABEL_WIDTH}" height="${height}" font-family="${FONT}">
<text x="10" y="${middle - 4}" font-size="15" fill="#f2f2f4">${escapeXml(name)}</text>
<text x="10" y="${middle + 16}" font-size="13" fill="#a9a9b4">${escapeXml(detail)}</text>
</svg>`;
  return sharp(Buffer.from(svg)).png().toBuffer();
}

/**
 * Draws rows of pictures under each other, each with its label at the left.
 *
 * @param size side of one picture, in pixels
 * @returns a PNG, and whether its labels could be drawn: a machine without fonts draws none
 */
export async function contactSheet(
  rows: readonly SheetRow[],
  size: number,
): Promise<{ readonly png: Buffer; readonly labelled: boolean }> {
  const labels = await Promise.all(rows.map(({ label }) => drawLabel(label, size)));
  const tops = rows.map((_, row) => GAP + row * (size + GAP));
  const tiles = await Promise.all(
    rows.flatMap(({ pictures }, row) =>
      pictures.map(async (picture, column) => ({
        input: await sharp(picture).resize(size, size, { kernel: "nearest" }).png().toBuffer(),
        left: LABEL_WIDTH + column * (size + GAP),
        top: tops[row] ?? 0,
      })),
    ),
  );
  const columns = Math.max(...rows.map(({ pictures }) => pictures.length));
  const png = await sharp({
    create: {
      width: LABEL_WIDTH + columns * (size + GAP),
      height: GAP + rows.length * (size + GAP),
      channels: 3,
      background: "#101014",
    },
  })
    .composite([...tiles, ...labels.map((input, row) => ({ input, left: 0, top: tops[row] ?? 0 }))])
    .png({ compressionLevel: 9, palette: true, quality: 95 })
    .toBuffer();
  const opacity = (await Promise.all(labels.map((label) => sharp(label).stats()))).map(
    ({ channels }) => channels[3]?.max ?? 0,
  );
  return { png, labelled: opacity.every((most) => most > 0) };
}
