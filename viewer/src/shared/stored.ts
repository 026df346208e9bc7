/** One of a few words that is kept for the next visit; the first of them where nothing was. */
export function storedWord<Word extends string>(key: string, words: readonly Word[]): Word {
  let stored: string | null = null;
  try {
    stored = localStorage.getItem(key);
  } catch {
    // Pages from files, and those of whoever refuses storage, have none.
  }
  return words.find((word) => word === stored) ?? (words[0] as Word);
}

/** Keeps a word, as long as the page does where there is no storage. */
export function storeWord(key: string, word: string): void {
  try {
    localStorage.setItem(key, word);
  } catch {
    // See above.
  }
}
