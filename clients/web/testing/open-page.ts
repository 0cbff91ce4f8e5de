import type { Browser, Locator, Page } from "playwright-core";
import { type CuttableProxy, startProxy } from "../../typescript/testing/proxy.ts";
import { type SpawnedServer, spawnServer } from "../../typescript/testing/spawn-server.ts";
import { findChromium, launchChromium } from "./chromium.ts";

/** One browser, one page and one server behind an address that can be cut off. */
export interface OpenPage {
  readonly page: Page;
  readonly proxy: CuttableProxy;
  readonly server: SpawnedServer;
  /** Cuts every connection of the page, and lets none through until it is told to. */
  setConnected(connected: boolean): void;
  /** What the page wrote on the console as an error, or threw; a connection that was cut is not one. */
  readonly errors: string[];
  close(): Promise<void>;
}

/** @returns undefined where there is no browser */
export async function openPage(flags: readonly string[] = []): Promise<OpenPage | undefined> {
  const executable = findChromium();
  if (executable === undefined) return undefined;
  const [server, browser] = await Promise.all([
    spawnServer(["color-digits"], flags),
    launchChromium(executable),
  ]);
  const target = new URL(server.http).host;
  const proxy = await startProxy(target);
  const page = await browser.newPage({
    viewport: { width: 1280, height: 900 },
    reducedMotion: "reduce",
    permissions: ["clipboard-read", "clipboard-write"],
  });
  // It bounds a page that hangs, not how fast a machine is: just under AVA's own, so that the message is Playwright's.
  page.setDefaultTimeout(110_000);
  const errors: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" && !/WebSocket connection to/.test(message.text())) {
      errors.push(message.text());
    }
  });
  page.on("pageerror", (error) => errors.push(error.stack ?? error.message));
  await page.goto(`http://${proxy.address}`);
  await page.locator("#submit:enabled").waitFor(); // the models are there
  return {
    page,
    proxy,
    server,
    errors,
    setConnected(connected) {
      proxy.target = connected ? target : undefined;
      if (!connected) proxy.cut();
    },
    close: () => close(server, browser, proxy),
  };
}

async function close(server: SpawnedServer, browser: Browser, proxy: CuttableProxy): Promise<void> {
  await browser.close();
  await proxy.close();
  await server.stop();
}

/** Chooses a task, a sampler and how much of it; what is left out stays as it is. */
export async function choose(
  page: Page,
  chosen: { task?: string; sampler?: string; steps?: string; count?: string; seed?: string },
): Promise<void> {
  const { task, sampler, steps, count, seed } = chosen;
  const form = page.getByRole("form", { name: "Request" });
  const labelled = (label: string): Locator => form.getByLabel(label, { exact: true });
  if (task !== undefined) await form.getByRole("radio", { name: task, exact: true }).check();
  if (sampler !== undefined) await labelled("Sampler").selectOption(sampler);
  if (steps !== undefined) await labelled("Steps").fill(steps);
  if (count !== undefined) await labelled("Samples").fill(count);
  if (seed !== undefined) await labelled("Seed").fill(seed);
}

/** The job that was asked for last. */
export function newestJob(page: Page): Locator {
  return page.locator("article.job").first();
}

/** Sends the form and waits until its job is on the page. */
export async function submit(page: Page): Promise<Locator> {
  const before = await page.locator("article.job").count();
  await page.locator("#submit").click();
  await page.waitForFunction(
    (count) => document.querySelectorAll("article.job").length > count,
    before,
  );
  return newestJob(page);
}

/** Sends the form and waits until its job has ended in this state. */
export async function run(page: Page, state: "done" | "failed" = "done"): Promise<Locator> {
  const job = await submit(page);
  await page.locator(`article.job[data-state="${state}"]`).first().waitFor();
  await job.locator(`xpath=self::*[@data-state="${state}"]`).waitFor();
  return job;
}

/** Levels of each canvas, red, green, blue, alpha, once all of them have been drawn. */
export async function pixelsOf(canvases: Locator): Promise<number[][]> {
  return await canvases.evaluateAll(async (all) => {
    const isDrawn = (canvas: Element): boolean => (canvas as HTMLCanvasElement).width > 1;
    while (!all.every(isDrawn)) await new Promise((resolve) => requestAnimationFrame(resolve));
    // The newest picture is drawn within two frames.
    for (let i = 0; i < 2; i++) await new Promise((resolve) => requestAnimationFrame(resolve));
    return all.map((element) => {
      const canvas = element as HTMLCanvasElement;
      const data = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data;
      return Array.from(data ?? []);
    });
  });
}
