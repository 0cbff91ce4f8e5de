import { z } from "zod";
import { manifestSchema } from "./manifest.ts";

/** The manifest's JSON Schema (draft 2020-12) as docs/model.schema.json has it: for editors, not for the server. */
export function manifestJsonSchema(): string {
  const schema = z.toJSONSchema(manifestSchema, { io: "input" });
  const titled = { title: "scorestream model.json", ...schema };
  return `${JSON.stringify(titled, undefined, 2)}\n`;
}
