import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Config } from "../config/config.ts";
import { type RunningServer, type StartOptions, startServer } from "../start.ts";
import { silent, testConfig } from "./config.ts";
import { MODELS } from "./start-engine.ts";

/** The one model of a started service, and so its default. */
export const SERVED_MODEL = "gaussian-mixture-vp";

/** A tenant of a started service that may have two rows, and batch work alone. */
export const SMALL_TENANT = "small";
const TENANTS = { tenants: { [SMALL_TENANT]: { maxRows: 2, highestPriority: "batch" } } };

/**
 * The real service behind both front ends, on free ports of 127.0.0.1, with one small model. The caller closes it. The
 * model's folder is gone by then: what is served is served from copies.
 */
export async function startService(
  changes: Partial<Config> = {},
  options: StartOptions = {},
): Promise<RunningServer> {
  const folder = await mkdtemp(join(tmpdir(), "scorestream-service-"));
  const models = join(folder, "models");
  const tenants = join(folder, "tenants.json");
  await mkdir(models);
  await writeFile(tenants, JSON.stringify(TENANTS));
  await symlink(join(MODELS, SERVED_MODEL), join(models, SERVED_MODEL));
  try {
    const config = testConfig({ models, tenants, shutdownGraceS: 0, ...changes });
    return await startServer(config, silent, options);
  } finally {
    await rm(folder, { recursive: true });
  }
}
