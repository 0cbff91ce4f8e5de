/** Tests of the task Interpolate, on the page that page.test.ts opens. */
import type { ExecutionContext } from "ava";
import type { Locator, Page } from "playwright-core";
import sharp from "sharp";
import { codeIn, refusedAt, violations } from "./assertions.ts";
import { choose, newestJob, type OpenPage, pixelsOf, run, submit } from "./open-page.ts";
import { NO_PICTURE, pictureFile, ring } from "./pictures.ts";

type Test = ExecutionContext<OpenPage>;

const MODEL_SIZE = { width: 32, height: 32 };
const STROKE = '<path d="M16 6v20" stroke="#f0d060" stroke-width="4"/>';

function fileOf(page: Page, which: "First" | "Second"): Locator {
  return page.getByLabel(`${which} picture: choose a file`);
}

/** Waits until the picture between the two is this one. */
async function between(page: Page, quality: "draft" | "exact", fraction: string): Promise<Locator> {
  const shown = newestJob(page).locator(
    `.between-picture[data-quality="${quality}"][data-fraction="${fraction}"]`,
  );
  await shown.waitFor();
  return shown;
}

export async function refusedPictures(t: Test): Promise<void> {
  const { page } = t.context;
  await choose(page, { task: "Interpolate" });
  await refusedAt(t, "images[0]", /seen "no picture", expected one/);
  await page.getByLabel("A picture of another size").selectOption("is refused");
  const wide = await pictureFile("wide.png", { width: 96, height: 64 }, STROKE);
  await fileOf(page, "First").setInputFiles(wide);
  await page.getByText("seen 96 x 64 pixels, expected 32 x 32, or a way to fit it").waitFor();
  await page.getByLabel("A picture of another size").selectOption("is stretched");
  await page.getByLabel("First picture, as the model sees it").waitFor();
  t.is(await page.locator(".field-error").count(), 0, "the same file, read again");
  await refusedAt(t, "images[1]", /seen "no picture", expected one/);
  await fileOf(page, "Second").setInputFiles(NO_PICTURE);
  await page.getByText(/seen a file called image\/png that this browser can't read/).waitFor();
  const second = { name: "ring.png", mimeType: "image/png", buffer: await ring() };
  await fileOf(page, "Second").setInputFiles(second);
  await page.getByLabel("Second picture, as the model sees it").waitFor();
  await page.getByLabel("Tolerance").fill("0");
  await refusedAt(t, "solver", /^seen "0", expected a number above 0/);
  await page.getByLabel("Tolerance").fill("2");
  await refusedAt(t, "solver", /seen 2, expected a number/);
}

export async function dragAndStrip(t: Test): Promise<void> {
  const { page } = t.context;
  const first = await pictureFile("stroke.png", MODEL_SIZE, STROKE);
  await fileOf(page, "First").setInputFiles(first);
  await page.getByLabel("Tolerance").fill("1");
  t.regex(await codeIn(page, "Command line"), /^scorestream interpolate .*--tolerance 1 /s);
  const job = await run(page);
  await between(page, "exact", "0.5");
  await job
    .getByText(/^Decoded, off by \d+ of 255 at most$/)
    .nth(1)
    .waitFor();
  t.deepEqual(await violations(page), []);

  const slider = job.getByLabel("From first to second");
  await slider.evaluate((element) => {
    const input = element as HTMLInputElement;
    for (const value of ["0.6", "0.7", "0.8", "0.9"]) {
      input.value = value;
      input.dispatchEvent(new Event("input"));
    }
  });
  const draft = await between(page, "draft", "0.9");
  t.regex(await draft.innerText(), /^90 % · draft, 16 evaluations$/);
  await slider.dispatchEvent("change");
  await slider.focus();
  await page.keyboard.press("Home"); // which gives up what the slider's rest began
  const atFirst = await between(page, "exact", "0");
  t.is(await job.getByRole("alert").count(), 0, "what was given up is no error");
  const [start = []] = await pixelsOf(atFirst.locator("canvas"));
  await page.keyboard.press("End");
  const [end = []] = await pixelsOf((await between(page, "exact", "1")).locator("canvas"));
  const [, firstDecoded = [], , secondDecoded = []] = await pixelsOf(job.locator(".end canvas"));
  t.true(distance(start, firstDecoded) < distance(start, secondDecoded));
  t.true(distance(end, secondDecoded) < distance(end, firstDecoded));

  const strip = job.getByRole("region", { name: "Strip" });
  await strip.getByLabel("Frames").fill("1");
  await strip.getByRole("button", { name: "Make a strip" }).click();
  t.regex(await strip.locator(".field-error").innerText(), /^seen "1", expected .* from 2 to 64$/);
  await strip.getByLabel("Frames").fill("24");
  await strip.getByRole("button", { name: "Make a strip" }).click();
  await strip.getByRole("button", { name: "Frame 24" }).waitFor();
  await strip.getByRole("button", { name: "Stop" }).click();
  await page.locator("#announcements", { hasText: "Strip: stopped" }).waitFor();
  await strip.getByLabel("Frames").fill("3");
  await strip.getByRole("button", { name: "Make a strip" }).click();
  await strip.getByRole("button", { name: "Frame 3, done" }).waitFor();
  t.deepEqual(await saved(page, strip, "Download strip"), ["png", 96, 32]);
  const [format, width] = await saved(page, strip, "Download animation");
  t.deepEqual([format, width], ["webp", 32]);
  await strip.getByRole("button", { name: "Frame 2, done" }).click();
  await between(page, "exact", "0.5");
}

export async function cancelEncoding(t: Test): Promise<void> {
  const { page } = t.context;
  await page.getByLabel("Tolerance").fill("1e-6");
  const job = await submit(page);
  await job.getByRole("button", { name: /^Cancel: / }).click();
  await job.locator('xpath=self::*[@data-state="failed"]').waitFor();
  t.regex(await job.locator(".job-status").innerText(), /^Cancelled · 0 of 2 done/);
  t.false(await job.getByLabel("From first to second").isVisible());
  await job.getByRole("button", { name: "Remove" }).click();
}

function distance(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, e) => sum + Math.abs(value - (b[e] ?? 0)), 0);
}

async function saved(
  page: Page,
  within: Locator,
  name: string,
): Promise<(string | number | undefined)[]> {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    within.getByRole("button", { name }).click(),
  ]);
  const { format, width, height } = await sharp(await download.path()).metadata();
  return [format, width, height];
}
