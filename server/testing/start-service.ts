import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningServer, startServer } from "../start.ts";
import { silent, testConfig } from "./config.ts";
import { MODELS } from "./start-engine.ts";

/** The one model of a started service, and so its default. */
export const SERVED_MODEL = "gaussian-mixture-vp";

/** The real service behind both front ends, on free ports of 127.0.0.1, with one small model. The caller closes it. */
export async function startService(): Promise<RunningServer> {
  const models = await mkdtemp(join(tmpdir(), "scorestream-models-"));
  await symlink(join(MODELS, SERVED_MODEL), join(models, SERVED_MODEL));
  try {
    return await startServer(testConfig({ models, shutdownGraceS: 0 }), silent);
  } finally {
    await rm(models, { recursive: true });
  }
}
