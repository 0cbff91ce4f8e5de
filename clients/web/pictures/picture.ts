/** A picture's levels, uint8[height, width, channels]; one channel is gray. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly values: Uint8Array;
}

/** The mean of red, green and blue of each pixel: the gray that colorization keeps. */
export function grayOf(picture: Picture): Picture {
  const { width, height, channels, values } = picture;
  if (channels === 1) return picture;
  const gray = Uint8Array.from({ length: width * height }, (_, i) => {
    const [red = 0, green = 0, blue = 0] = values.subarray(3 * i, 3 * i + 3);
    return Math.round((red + green + blue) / 3);
  });
  return { width, height, channels: 1, values: gray };
}

/**
 * The mean of each block of factor x factor pixels, which super-resolution keeps.
 *
 * @param factor divides the width and the height
 */
export function blockMeans({ width, channels, height, values }: Picture, factor: number): Picture {
  const [narrow, low] = [width / factor, height / factor];
  const means = Uint8Array.from({ length: narrow * low * channels }, (_, e) => {
    const channel = e % channels;
    const [x, y] = [Math.floor(e / channels) % narrow, Math.floor(e / channels / narrow)];
    let sum = 0;
    for (let i = 0; i < factor * factor; i++) {
      const pixel = (y * factor + Math.floor(i / factor)) * width + x * factor + (i % factor);
      sum += values[pixel * channels + channel] ?? 0;
    }
    return Math.round(sum / factor ** 2);
  });
  return { width: narrow, height: low, channels, values: means };
}

/** Red, green, blue and an alpha of 255 of each pixel, as a canvas has them. */
export function toImageData({ width, height, channels, values }: Picture): ImageData {
  const image = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    const [red = 0, green = red, blue = red] = values.subarray(channels * i, channels * (i + 1));
    image.data.set([red, green, blue, 255], 4 * i);
  }
  return image;
}

/** The other way round. What is transparent is black. */
export function fromImageData({ width, height, data }: ImageData, channels: 1 | 3): Picture {
  const values = new Uint8Array(width * height * 3);
  for (let i = 0; i < width * height; i++) values.set(data.subarray(4 * i, 4 * i + 3), 3 * i);
  const picture: Picture = { width, height, channels: 3, values };
  return channels === 1 ? grayOf(picture) : picture;
}

/** A picture with middle gray where its mask, of one channel, is black. */
export function maskOut(picture: Picture, mask: Picture): Picture {
  const { channels } = picture;
  const values = picture.values.map((value, e) =>
    mask.values[Math.floor(e / channels)] === 0 ? 128 : value,
  );
  return { ...picture, values };
}
