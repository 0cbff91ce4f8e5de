import type { ExecutionContext } from "ava";
import axe from "axe-core";
import type { Page } from "playwright-core";
import type { OpenPage } from "./open-page.ts";

/** Serious and critical violations of WCAG 2.1 A and AA, each in a line. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return await page.evaluate(async () => {
    const { axe: runner } = window as unknown as { axe: typeof axe };
    const { violations: found } = await runner.run();
    return found
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
  });
}

/** The error beside a field. */
export async function errorAt(page: Page, path: string): Promise<string> {
  return await page.locator(`[data-paths~="${path}"] .field-error`).innerText();
}

export async function refusedAt(
  t: ExecutionContext<OpenPage>,
  path: string,
  message: RegExp,
): Promise<void> {
  await t.context.page.locator("#submit").click();
  t.regex(await errorAt(t.context.page, path), message);
}

/** What the code panel shows of the form as it stands. */
export async function codeIn(page: Page, language: string): Promise<string> {
  await page.getByRole("button", { name: "Code", exact: true }).click();
  const dialog = page.getByRole("dialog", { name: "This request as code" });
  await dialog.getByRole("radio", { name: language }).check();
  const code = await dialog.getByRole("region", { name: "Code" }).innerText();
  await dialog.getByRole("button", { name: "Close" }).click();
  return code;
}
