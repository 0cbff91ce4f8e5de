import type { DescMessage } from "@bufbuild/protobuf";
import type { MessageFns } from "../../proto/gen/scorestream/v1/scorestream.ts";
import { checkWire } from "./check-wire.ts";

/**
 * A protobuf message out of bytes, checked first.
 *
 * @throws ServerError "malformed-frame" or "invalid-argument", naming the field
 */
export function decode<T>(type: DescMessage, codec: MessageFns<T>, bytes: Uint8Array): T {
  checkWire(type, bytes);
  return codec.decode(bytes);
}
