/**
 * The pictures of the page in docs/, of a server that it starts: `npm run demo:page`. Jobs have fixed seeds; how far they
 * are when the picture is taken is the machine's.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Page } from "playwright-core";
import sharp from "sharp";
import { repositoryPath } from "../../typescript/testing/spawn-server.ts";
import { NO_CHROMIUM } from "./chromium.ts";
import { choose, newestJob, openPage, run } from "./open-page.ts";

/** Few colours make a small file; dithering would make it large again. */
const COLOURS = 128;

async function shoot(page: Page, name: string): Promise<void> {
  const png = await page.screenshot();
  const file = await sharp(png)
    .png({ palette: true, colours: COLOURS, dither: 0, effort: 10 })
    .toBuffer();
  const path = repositoryPath(`docs/${name}.png`);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, file);
  console.log(`${path}: ${Math.ceil(file.length / 1000)} kB`);
}

/** Waits until a part of the newest job's work is done. */
async function untilFraction(page: Page, fraction: number): Promise<void> {
  const progress = newestJob(page).locator("progress");
  const element = await progress.elementHandle();
  await page.waitForFunction(
    ([bar, least]) => (bar as HTMLProgressElement).value >= (least as number),
    [element, fraction] as const,
    { polling: 20 },
  );
}

const opened = await openPage();
if (opened === undefined) throw new Error(NO_CHROMIUM);
const { page } = opened;
page.setDefaultTimeout(300_000); // many samples, on a slow machine too
try {
  await page.getByText("Connected").waitFor();
  await page.setViewportSize({ width: 1280, height: 860 });
  await choose(page, { sampler: "dpm-solver++2m", steps: "24", count: "28", seed: "11" });
  await page.locator("#submit").click();
  await untilFraction(page, 0.5);
  await newestJob(page).getByRole("button", { name: "Sample 10, running" }).hover();
  await shoot(page, "page");
  await page.locator('article.job[data-state="done"]').first().waitFor();

  await newestJob(page).getByRole("button", { name: "Sample 5, done" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Inpaint" }).click();
  await choose(page, { sampler: "ancestral", steps: "60", count: "14", seed: "3" });
  const mask = page.getByLabel("Mask: paint over the picture");
  await mask.scrollIntoViewIfNeeded();
  const box = await mask.boundingBox();
  if (box === null) throw new Error("the mask can't be seen");
  await page.getByLabel("Size").fill("9");
  const at = (x: number, y: number): Promise<void> =>
    page.mouse.move(box.x + x * box.width, box.y + y * box.height, { steps: 8 });
  await at(0.25, 0.68);
  await page.mouse.down();
  await at(0.5, 0.75);
  await at(0.78, 0.66);
  await page.mouse.up();
  await run(page);
  await page.getByRole("form").evaluate((form) => form.scrollTo(0, 190));
  await page.mouse.move(0, 0);
  await page.getByRole("button", { name: "Dark" }).click();
  await shoot(page, "page-dark");

  await page.getByRole("button", { name: "Dark" }).click();
  await page.setViewportSize({ width: 390, height: 844 });
  await page
    .locator("article.job")
    .first()
    .evaluate((job) => {
      scrollTo(0, job.getBoundingClientRect().top + scrollY - 72);
    });
  await shoot(page, "page-phone");

  await page.setViewportSize({ width: 1280, height: 1120 });
  const samples = page.locator("article.job").last(); // the first that was asked for
  const use = async (sample: number, task: string): Promise<void> => {
    await samples.getByRole("button", { name: `Sample ${sample}, done` }).click();
    await page.getByRole("dialog").getByRole("button", { name: task }).click();
  };
  await use(5, "Interpolate");
  await page.getByLabel("First picture, as the model sees it").waitFor();
  await use(9, "Interpolate");
  await page.getByLabel("Second picture, as the model sees it").waitFor();
  const between = await run(page);
  await between.getByRole("button", { name: "Make a strip" }).click();
  await between.getByRole("button", { name: "Download strip" }).waitFor();
  await between
    .getByText(/^Decoded/)
    .nth(1)
    .waitFor();
  for (const sample of [2, 5, 9, 12]) await use(sample, "Likelihood");
  await page.locator(".given").nth(3).waitFor();
  await run(page);
  await page.evaluate(() => scrollTo(0, 0));
  await shoot(page, "page-latents");
} finally {
  await opened.close();
}
