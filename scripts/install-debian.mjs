/** Some tests need programs that npm does not have. Where this user may install Debian's packages, they are installed. */
import { existsSync } from "node:fs";
import { CommandFailed, run } from "./command.mjs";

/** Packages, and where a program of each lies once it is there. */
const PACKAGES = [
  {
    name: "chromium",
    places: ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"],
  },
  { name: "prometheus", places: ["/usr/bin/prometheus"] },
];

/** Never fails: tests without their program say how to get it, and are skipped. */
export async function installDebianPackages() {
  const missing = PACKAGES.filter(({ places }) => !places.some(existsSync)).map(({ name }) => name);
  if (missing.length === 0 || !existsSync("/usr/bin/apt-get")) return;
  const isRoot = process.getuid?.() === 0;
  if (!isRoot && !existsSync("/usr/bin/sudo")) return;
  // -n: a sudo that would ask for a password fails.
  const [command, ...before] = isRoot ? ["apt-get"] : ["sudo", "-n", "apt-get"];
  // Without a network it is known soon.
  before.push("-o", "Acquire::Retries=0", "-o", "Acquire::http::Timeout=20");
  console.error(`installing ${missing.join(" and ")}, for tests (apt-get)`);
  try {
    await run(command, [...before, "-q", "update"]);
    await run(command, [...before, "-qy", "--no-install-recommends", "install", ...missing]);
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    console.error(`${missing.join(" and ")} could not be installed: ${error.message}`);
  }
}
