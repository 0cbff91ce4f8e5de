/** Writes docs/model.schema.json: `npm run models:schema`. */
import { writeFile } from "node:fs/promises";
import { manifestJsonSchema } from "./json-schema.ts";

// Compiled, this file is dist/server/models/write-schema.js.
await writeFile(new URL("../../../docs/model.schema.json", import.meta.url), manifestJsonSchema());
