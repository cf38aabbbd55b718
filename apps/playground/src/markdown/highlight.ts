import type { createLowlight } from "lowlight";

/** Text, and pieces of it with the names of their classes. */
export type Highlighted = ReturnType<ReturnType<typeof createLowlight>["highlight"]>;

/** Code to coloured text; in a language that it does not know, to text alone. */
export type Highlight = (code: string, language: string) => Highlighted;

let loading: Promise<Highlight> | undefined;

/** The grammars are loaded when the first code is shown. */
export function loadHighlight(): Promise<Highlight> {
  loading ??= import("lowlight").then(({ common, createLowlight }) => {
    const lowlight = createLowlight(common);
    return (code, language) =>
      lowlight.registered(language)
        ? lowlight.highlight(language, code)
        : { type: "root", children: [{ type: "text", value: code }] };
  });
  return loading;
}
