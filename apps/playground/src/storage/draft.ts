const KEY = "krait-draft";

/** What was being written when this tab was left or loaded again; empty where a browser keeps nothing. */
export function keptDraft(): string {
  try {
    return sessionStorage.getItem(KEY) ?? "";
  } catch {
    return "";
  }
}

export function keepDraft(text: string): void {
  try {
    sessionStorage.setItem(KEY, text);
  } catch {
    // A browser that keeps nothing has said so elsewhere.
  }
}
