/** Small settings that the first paint needs. Some browsers give no place for them: then the app does without. */
const PREFIX = "campana-";

export type Setting = "language" | "theme" | "neutral";

export function kept(setting: Setting): string | null {
  try {
    return localStorage.getItem(PREFIX + setting);
  } catch {
    return null;
  }
}

export function keep(setting: Setting, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(PREFIX + setting);
    else localStorage.setItem(PREFIX + setting, value);
  } catch {
    // It holds until the window is closed.
  }
}

/** Forgets every one of them. */
export function forget(): void {
  for (const setting of ["language", "theme", "neutral"] as const) keep(setting, null);
}
