/** `npm run clean`: removes what the build made. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { root } from "./command.mjs";

rmSync(join(root, "dist"), { recursive: true, force: true });
