import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { ServerFrame } from "../../proto/gen/scorestream/v1/scorestream.ts";
import { messageType } from "../requests/contract.ts";
import { isJsonObject, type JsonObject } from "./read-json.ts";

const serverFrame = messageType("ServerFrame");

/** A frame in proto3 JSON. */
export function writeJson(frame: ServerFrame): string {
  return JSON.stringify(toProto3Json(serverFrame, ServerFrame.toJSON(frame)));
}

/** What the generated `toJSON` gives as proto3 JSON, which it is but for durations: it writes these as objects. */
export function toProto3Json(type: DescMessage, generated: unknown): unknown {
  return withDurations(generated, type.fields);
}

function withDurations(json: unknown, fields: readonly DescField[]): unknown {
  if (!isJsonObject(json)) return json;
  const written: Record<string, unknown> = { ...json };
  for (const { message, jsonName, fieldKind } of fields) {
    const value = json[jsonName];
    // The contract's lists hold no durations.
    if (message === undefined || fieldKind === "list" || !isJsonObject(value)) continue;
    written[jsonName] =
      message.typeName === "google.protobuf.Duration"
        ? durationText(value)
        : withDurations(value, message.fields);
  }
  return written;
}

/** Such as "1.5s", out of the generated { seconds: "1", nanos: 500000000 }; ours are never negative. */
function durationText({ seconds = "0", nanos = 0 }: JsonObject): string {
  const fraction = String(nanos).padStart(9, "0").replace(/0+$/, "");
  return `${seconds}${fraction === "" ? "" : `.${fraction}`}s`;
}
