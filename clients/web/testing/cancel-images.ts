/** Tests of images that are cancelled by themselves, on the page that page.test.ts opens. */
import type { ExecutionContext } from "ava";
import { violations } from "./assertions.ts";
import { choose, type OpenPage, submit } from "./open-page.ts";

type Test = ExecutionContext<OpenPage>;

const STEPS = 800;

/** One by the keyboard, one in its dialog; the third goes on to its end. */
export async function cancelSamples(t: Test): Promise<void> {
  const { page } = t.context;
  await choose(page, {
    task: "Generate",
    sampler: "euler-maruyama",
    steps: String(STEPS),
    count: "3",
  });
  const job = await submit(page);
  const second = job.getByRole("button", { name: "Sample 2, running" });
  await second.waitFor();
  await job
    .locator(".tile-label", { hasText: /^\d+\/800 · (< )?\d+ (s|min)$/ })
    .first()
    .waitFor();
  const tile = job.locator('.tile[title*=" left"]').first();
  t.regex((await tile.getAttribute("title")) ?? "", /^Sample \d: \d+ of 800 evaluations, .* left$/);

  const focused = (): Promise<string | null | undefined> =>
    page.evaluate(() => document.activeElement?.getAttribute("aria-label"));
  await second.focus();
  await page.keyboard.press("Tab");
  t.is(await focused(), "Cancel Sample 2");
  await page.keyboard.press("Enter");
  t.regex((await focused()) ?? "", /^Sample 2, /, "the keyboard stays where it was");
  await job.getByRole("button", { name: "Sample 2, cancelled" }).waitFor();
  await page.locator("#announcements", { hasText: "Sample 2: cancelled" }).waitFor();
  t.is(await job.getByRole("button", { name: "Cancel Sample 2" }).count(), 0);

  await job.getByRole("button", { name: "Sample 1, running" }).click();
  const viewer = page.getByRole("dialog");
  await viewer.getByText(/^Estimate .* of 800, .* left$/).waitFor();
  await viewer.getByRole("button", { name: "Cancel this one" }).click();
  await viewer.getByText(/^Estimate .*; cancelled$/).waitFor();
  t.false(await viewer.getByRole("button", { name: "Cancel this one" }).isVisible());
  await page.keyboard.press("Escape");
  t.regex(await job.locator(".job-status").innerText(), /^0 of 3 done, 2 cancelled/);
  t.deepEqual(await violations(page), []);
  await job.getByRole("button", { name: "Sample 3, done" }).waitFor();
  await job.locator('xpath=self::*[@data-state="done"]').waitFor();
  t.regex(await job.locator(".job-status").innerText(), /^Done in [\d.]+ s, 2 cancelled/);
  await page.locator("#announcements", { hasText: "Samples: 1 done, 2 cancelled" }).waitFor();
}

/** Of three pictures the second is ended; the form has what the tests of likelihoods left in it. */
export async function cancelPicture(t: Test): Promise<void> {
  const { page } = t.context;
  await page.getByLabel("Tolerance").fill("");
  await page.getByLabel("Probes").fill("2");
  const job = await submit(page);
  const line = job.getByRole("row", { name: /noise\.png/ });
  await line.getByText(/^\d+ evaluations · .* left$/).waitFor();
  await line.getByRole("button", { name: "Cancel noise.png" }).press("Enter");
  await line.getByText(/^\d+ evaluations · cancelled$/).waitFor();
  await page.locator("#announcements", { hasText: "noise.png: cancelled" }).waitFor();
  t.deepEqual(await violations(page), []);
  t.regex(await job.locator(".job-status").innerText(), /, 1 cancelled/);
  await job.getByRole("button", { name: /^Cancel: Likelihood/ }).click();
  await job.locator('xpath=self::*[@data-state="failed"]').waitFor();
  await job.getByRole("button", { name: "Remove" }).click();
}
