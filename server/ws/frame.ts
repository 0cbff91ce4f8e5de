import { BinaryReader } from "@bufbuild/protobuf/wire";
import { ClientFrame, ServerFrame } from "../../proto/gen/scorestream/v1/scorestream.ts";
import { asServerError, type ServerError } from "../errors.ts";
import type { FrameRequest } from "../requests/calls.ts";
import { messageType } from "../requests/contract.ts";
import { decode } from "../requests/decode.ts";
import { malformed, wrongValue } from "../requests/seen.ts";
import { isJsonObject, readMessage } from "./read-json.ts";
import { writeJson } from "./write-json.ts";

/** A frame's kind: answers go out in the kind that their request came in. */
export type FrameKind = "text" | "binary";

/** A frame that came: a request, or what is wrong with it; `id` is "" where it could not be read. */
export type ReadFrame =
  | { readonly id: string; readonly request: FrameRequest; readonly traceparent?: string }
  | { readonly id: string; readonly error: ServerError };

/** The id comes back on every event of a request, so it must not be large. */
const MAX_ID_LENGTH = 128;

const clientFrame = messageType("ClientFrame");

/** Reads a ClientFrame: proto3 JSON in text, protobuf in binary. Throws nothing. */
export function readFrame(bytes: Buffer, kind: FrameKind): ReadFrame {
  let id = "";
  try {
    const json = kind === "text" ? parse(bytes) : undefined;
    id = kind === "text" ? textId(json) : binaryId(bytes);
    const frame =
      kind === "text"
        ? ClientFrame.fromJSON(readMessage(clientFrame, json))
        : decode(clientFrame, ClientFrame, bytes);
    id = checkId(frame.id);
    if (frame.request === undefined) throw noRequest();
    const { request, traceparent } = frame;
    return { id, request, ...(traceparent === undefined ? {} : { traceparent }) };
  } catch (error) {
    return { id, error: asServerError(error) };
  }
}

/** A ServerFrame in the asked kind. */
export function writeFrame(frame: ServerFrame, kind: FrameKind): string | Uint8Array {
  return kind === "text" ? writeJson(frame) : ServerFrame.encode(frame).finish();
}

function parse(bytes: Buffer): unknown {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString());
  } catch (error) {
    const reason = error instanceof Error ? error.message.slice(0, 120) : String(error);
    throw malformed(`the text frame is not JSON: ${reason}`, error);
  }
  if (isJsonObject(json)) return json;
  throw malformed("the text frame is not a JSON object, expected a ClientFrame");
}

/** The id of a frame whose other fields may be wrong, so that the error reaches the right request. */
function textId(json: unknown): string {
  const id = isJsonObject(json) ? json.id : undefined;
  return typeof id === "string" && id.length <= MAX_ID_LENGTH ? id : "";
}

/** The same of a protobuf frame: every writer of note puts field 1 first. */
function binaryId(bytes: Uint8Array): string {
  try {
    const reader = new BinaryReader(bytes);
    const id = reader.uint32() === 0x0a ? reader.string(true) : "";
    return id.length <= MAX_ID_LENGTH ? id : "";
  } catch {
    return "";
  }
}

function checkId(id: string): string {
  if (id !== "" && id.length <= MAX_ID_LENGTH) return id;
  const seen = id.length <= MAX_ID_LENGTH ? id : `${id.slice(0, 20)}... of ${id.length} characters`;
  throw wrongValue("id", seen, `1 to ${MAX_ID_LENGTH} characters that name this request`);
}

function noRequest(): ServerError {
  const known = clientFrame.oneofs.flatMap(({ fields }) => fields.map(({ name }) => name));
  return malformed(`the frame has no request, expected one of ${known.join(", ")}`);
}
