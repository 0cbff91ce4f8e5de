import type { Config } from "../config/config.ts";
import { UploadStore } from "./upload-store.ts";

const MIB = 1024 * 1024;

/** The upload store that a server is configured to have, on the process's own clock. */
export function openUploadStore(
  config: Pick<Config, "maxUploadMib" | "uploadStoreMib" | "uploadTenantMib" | "uploadTtlS">,
): UploadStore {
  const limits = {
    maxUploadBytes: config.maxUploadMib * MIB,
    storeBytes: config.uploadStoreMib * MIB,
    tenantBytes: config.uploadTenantMib * MIB,
    ttlMs: 1000 * config.uploadTtlS,
  };
  return new UploadStore(limits, () => performance.now());
}
