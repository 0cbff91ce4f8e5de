import { byId } from "./dom.ts";

const KEY = "scorestream-theme";

/** Light or dark, as the system has it until the button is pressed; then as chosen, for later visits too. */
export function startTheme(): void {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const toggle = byId("theme", "button");
  const isDark = (): boolean => {
    const chosen = document.documentElement.dataset.theme;
    return chosen === undefined ? dark.matches : chosen === "dark";
  };
  const show = (): void => toggle.setAttribute("aria-pressed", String(isDark()));
  const kept = read();
  if (kept !== null) document.documentElement.dataset.theme = kept;
  toggle.addEventListener("click", () => {
    const theme = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // A browser that keeps nothing: chosen for this visit alone.
    }
    show();
  });
  dark.addEventListener("change", show);
  show();
}

function read(): "light" | "dark" | null {
  try {
    const kept = localStorage.getItem(KEY);
    return kept === "light" || kept === "dark" ? kept : null;
  } catch {
    return null;
  }
}
