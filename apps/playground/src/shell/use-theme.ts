import { useEffect } from "react";
import { useApp } from "./playground-context.ts";

/** The theme that was chosen, on the root element; the system's where none was. */
export function useTheme(): void {
  const theme = useApp(({ settings }) => settings.theme);
  useEffect(() => {
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }, [theme]);
}
