import { storedWord, storeWord } from "./stored.ts";

/** Light, dark, or as the visitor's system has it. */
export const THEMES = ["auto", "light", "dark"] as const;

/** One of them. */
export type Theme = (typeof THEMES)[number];

const KEY = "heed.theme";

/** The theme that was chosen last. */
export function storedTheme(): Theme {
  return storedWord(KEY, THEMES);
}

/** Shows the page in a theme from here on. */
export function applyTheme(theme: Theme): void {
  if (theme === "auto") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
  storeWord(KEY, theme);
}
