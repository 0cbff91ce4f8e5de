import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

/** Where distributions put it. */
const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** The browser of this machine; undefined where there is none. */
export function findChromium(): string | undefined {
  return PLACES.find((path) => existsSync(path));
}

/** What a test prints that needs a browser where there is none. */
export const NO_CHROMIUM =
  "skipped, because there is no Chromium here: `apt-get install chromium`, and then `npm test -- clients/web/page.test.ts` runs it";

/** @throws Error where it does not start */
export function launchChromium(executablePath: string): Promise<Browser> {
  // In a container the user is root, and without a sandbox of its own; the page is ours.
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
}
