import { ImageFormat } from "../../proto/gen/scorestream/v1/scorestream.ts";
import { ServerError } from "../errors.ts";
import { checkEnum } from "./check-enum.ts";
import { enumType } from "./contract.ts";

/** A format that images are really written in: the unspecified one is PNG by now. */
export type EncodedFormat = Exclude<
  ImageFormat,
  typeof ImageFormat.IMAGE_FORMAT_UNSPECIFIED | typeof ImageFormat.UNRECOGNIZED
>;

/**
 * The format that a request's field asks for, checked against what the contract and the model's channels allow.
 *
 * @param field its path, such as `preview.format`
 * @param channels of the model's images; PNG, JPEG and WebP hold 1 or 3
 * @throws ServerError "invalid-argument" for a number that is no format; "capability-missing" for a picture
 *   format of other channels
 */
export function checkFormat(field: string, format: ImageFormat, channels: number): EncodedFormat {
  checkEnum(field, format, enumType("ImageFormat"));
  if (format === ImageFormat.IMAGE_FORMAT_UNSPECIFIED) {
    return checkFormat(field, ImageFormat.IMAGE_FORMAT_PNG, channels);
  }
  const checked = format as EncodedFormat; // checkEnum has refused every other number
  const raw =
    checked === ImageFormat.IMAGE_FORMAT_RAW_UINT8 ||
    checked === ImageFormat.IMAGE_FORMAT_RAW_FLOAT32;
  if (!raw && channels !== 1 && channels !== 3) {
    throw new ServerError(
      "capability-missing",
      `${field}: the model's images have ${channels} channels, and PNG, JPEG and WebP hold 1 or 3; ` +
        "expected IMAGE_FORMAT_RAW_UINT8 or IMAGE_FORMAT_RAW_FLOAT32",
    );
  }
  return checked;
}
