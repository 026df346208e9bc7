/** Light, dark, or as the visitor's system has it. */
export const THEMES = ["auto", "light", "dark"] as const;

/** One of them. */
export type Theme = (typeof THEMES)[number];

const KEY = "heed.theme";

/** The theme that was chosen last. */
export function storedTheme(): Theme {
  try {
    const stored = localStorage.getItem(KEY);
    return THEMES.find((theme) => theme === stored) ?? "auto";
  } catch {
    // Pages from files, and those of whoever refuses storage, have none.
    return "auto";
  }
}

/** Shows the page in a theme from here on. */
export function applyTheme(theme: Theme): void {
  if (theme === "auto") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // It holds as long as the page does.
  }
}
