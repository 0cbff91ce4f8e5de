/** Tests of the task Likelihood, on the page that page.test.ts opens. */
import type { ExecutionContext } from "ava";
import sharp from "sharp";
import { codeIn, refusedAt, violations } from "./assertions.ts";
import { choose, type OpenPage, run, submit } from "./open-page.ts";
import { NO_PICTURE, type PictureFile, pictureFile, ring } from "./pictures.ts";

type Test = ExecutionContext<OpenPage>;

const FILES = "Pictures: choose files";

/** Every level as likely as any other: 8 bits would say it, and a model of digits needs more. */
async function noise(): Promise<PictureFile> {
  const levels = Uint8Array.from({ length: 32 * 32 * 3 }, (_, e) => (e * 2_654_435_761) >>> 24);
  const raw = { width: 32, height: 32, channels: 3 } as const;
  return {
    name: "noise.png",
    mimeType: "image/png",
    buffer: await sharp(levels, { raw }).png().toBuffer(),
  };
}

export async function refusedLikelihood(t: Test): Promise<void> {
  const { page } = t.context;
  await choose(page, { task: "Likelihood" });
  await refusedAt(t, "images", /seen "no pictures", expected one or more/);
  const wide = await pictureFile("wide.png", { width: 96, height: 64 });
  const good = { name: "ring.png", mimeType: "image/png", buffer: await ring() };
  await page.getByLabel(FILES).setInputFiles([NO_PICTURE, wide, await noise(), good]);
  const refused = page.locator('[data-paths="images"] .field-error', { hasText: "wide.png" });
  t.is(
    await refused.innerText(),
    "text.png: seen a file called image/png that this browser can't read, expected a PNG, JPEG or WebP picture; " +
      "wide.png: seen 96 x 64 pixels, expected 32 x 32, or a way to fit it",
  );
  const given = page.locator(".given:visible");
  t.is(await given.count(), 2);
  await page.getByLabel("A picture of another size").selectOption("is scaled, on black");
  await given.nth(2).waitFor();
  await page.getByRole("button", { name: "Remove wide.png" }).click();
  t.is(await given.count(), 2);
  await page.getByLabel("Probes").fill("0");
  await refusedAt(t, "probes", /^seen "0", expected a whole number from 1/);
  await page.getByLabel("Probes").fill("100000");
  await refusedAt(t, "probes", /seen 100000, expected an integer from 1 to/);
  t.deepEqual(await violations(page), []);
}

export async function likelihoods(t: Test): Promise<void> {
  const { page } = t.context;
  await page.getByLabel("Probes").fill("");
  await page.getByLabel("Dequantizations").fill("2");
  await page.getByLabel("Tolerance").fill("0.1");
  t.regex(await codeIn(page, "Command line"), /^scorestream likelihood .*--dequantizations 2 /s);
  const job = await run(page);
  t.is(await job.getByRole("heading").innerText(), "Likelihood of 2 pictures");
  const lines = job.locator("tbody tr");
  const texts = await lines.allInnerTexts();
  t.is(texts.length, 2);
  t.regex(texts[0] ?? "", /ring\.png\s+\d+\.\d{3} ± \d+\.\d{3}\s+(as|less) likely/);
  t.regex(texts[1] ?? "", /noise\.png\s+\d+\.\d{3} ± \d+\.\d{3}\s+less likely than held-out/);
  const bits = texts.map((text) => Number(/(\d+\.\d{3}) ±/.exec(text)?.[1]));
  t.true((bits[0] ?? 0) < (bits[1] ?? 0) && (bits[1] ?? 0) > 8, bits.join());
  const middle = async (line: number): Promise<number> => {
    const box = await lines.nth(line).locator(".scale-dot").boundingBox();
    return box?.x ?? Number.NaN;
  };
  t.true((await middle(0)) < (await middle(1)), "the dots lie as the numbers do");
  t.is(await lines.locator(".scale-error").count(), 2);
  await job.getByText(/100 of them, 5 % to 95 %: 0\.70 to 1\.13, mean 0\.92/).waitFor();
  t.deepEqual(await violations(page), []);
}

export async function cancelLikelihood(t: Test): Promise<void> {
  const { page } = t.context;
  await page.getByLabel("Tolerance").fill("");
  await page.getByLabel("Probes").fill("8");
  const job = await submit(page);
  await job.getByRole("button", { name: /^Cancel: / }).click();
  await job.locator('xpath=self::*[@data-state="failed"]').waitFor();
  t.regex(await job.locator(".job-status").innerText(), /^Cancelled/);
  await job.getByRole("button", { name: "Remove" }).click();
}
