import type { UploadHeader } from "../../proto/gen/scorestream/v1/scorestream.ts";
import { invalidArgument, ServerError } from "../errors.ts";
import { checkName } from "../requests/checks.ts";
import { checkTenant } from "../tenants/check-tenant.ts";
import { CONTENT_TYPES, type ContentType } from "./stored-upload.ts";

/** What an upload's header says, checked. */
export interface CheckedHeader {
  readonly contentType: ContentType;
  readonly sizeBytes: number;
  /** In lower case; undefined where it was left out. */
  readonly sha256: string | undefined;
  readonly tenant: string;
}

/**
 * @param mostBytes that an upload may have
 * @throws ServerError "invalid-argument" naming the field, "too-large"
 */
export function checkHeader(header: UploadHeader, mostBytes: number): CheckedHeader {
  const contentType = checkName("header.content_type", header.contentType, CONTENT_TYPES);
  const { sizeBytes } = header;
  if (sizeBytes === 0n) {
    const expected = `the size of all chunks together, from 1 to ${mostBytes}`;
    throw invalidArgument("header.size_bytes", sizeBytes, expected);
  }
  if (sizeBytes > BigInt(mostBytes)) {
    const message = `header.size_bytes: seen ${sizeBytes}, expected at most ${mostBytes}`;
    throw new ServerError("too-large", message);
  }
  if (contentType === "application/x-float32" && sizeBytes % 4n !== 0n) {
    throw invalidArgument("header.size_bytes", sizeBytes, "a multiple of 4: float32 values");
  }
  return {
    contentType,
    sizeBytes: Number(sizeBytes),
    sha256: checkSha256(header.sha256),
    tenant: checkTenant("header.tenant", header.tenant),
  };
}

function checkSha256(seen: string): string | undefined {
  if (seen === "") return undefined;
  if (/^[0-9a-f]{64}$/i.test(seen)) return seen.toLowerCase();
  throw invalidArgument("header.sha256", seen, "64 hexadecimal digits, or nothing");
}
