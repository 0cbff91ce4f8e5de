import { readFileSync } from "node:fs";
import test from "ava";
import { ERROR_CODES } from "../errors.ts";
import { GRPC_STATUS } from "./grpc-status.ts";

const protocol = readFileSync(new URL("../../../docs/protocol.md", import.meta.url), "utf8");

for (const code of ERROR_CODES) {
  test(`docs/protocol.md tells of ${code} and its gRPC status`, (t) => {
    t.true(protocol.includes(`| \`${code}\` | ${GRPC_STATUS[code]} | `));
  });
}
