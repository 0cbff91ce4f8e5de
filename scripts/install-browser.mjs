/** The tests of the page need a Chromium. Where this user may install packages, it is installed as one. */
import { existsSync } from "node:fs";
import { CommandFailed, run } from "./command.mjs";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Never fails: without a browser the tests of the page say how to get one, and are skipped. */
export async function installBrowser() {
  if (PLACES.some(existsSync) || !existsSync("/usr/bin/apt-get")) return;
  const isRoot = process.getuid?.() === 0;
  if (!isRoot && !existsSync("/usr/bin/sudo")) return;
  // -n: a sudo that would ask for a password fails.
  const [command, ...before] = isRoot ? ["apt-get"] : ["sudo", "-n", "apt-get"];
  console.error("installing chromium, for the tests of the page (apt-get)");
  try {
    await run(command, [...before, "-q", "update"]);
    await run(command, [...before, "-qy", "--no-install-recommends", "install", "chromium"]);
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    console.error(`chromium was not installed: ${error.message}`);
  }
}
