import { CLOSE } from "./reasoning.ts";

/**
 * What a template does with conversations that some templates lose a part of. Found out by letting it render
 * a small conversation, so that a repair is made only where it is needed, whatever the template.
 */
export interface Capabilities {
  /** A system message that is not the first one appears in the prompt. */
  readonly keepsLaterSystemMessages: boolean;
  /** The tool calls of a last assistant message appear in the prompt. */
  readonly keepsLastToolCalls: boolean;
  /** What follows a second `</think>` in an assistant message appears in the prompt. */
  readonly keepsTextAfterSecondClose: boolean;
  /** Quotes in the name of a called function are escaped. */
  readonly escapesNames: boolean;
  /** A last assistant message is the start of the reply: with a generation prompt, the prompt ends in it. */
  readonly goesOnFromReply: boolean;
  /** The template speaks of the role `developer`. */
  readonly knowsDeveloper: boolean;
}

const FIRST = "\uFDD0";
const SECOND = "\uFDD1";

/** @param render - renders messages; may throw. */
export function probeCapabilities(
  render: (messages: readonly object[], generationPrompt: boolean) => string,
  literals: ReadonlySet<string>,
): Capabilities {
  const shows = (text: string, ...messages: object[]): boolean | undefined => {
    try {
      return render(messages, false).includes(text);
    } catch {
      return undefined;
    }
  };
  const user = { role: "user", content: "a" };
  const call = (name: string) => ({
    role: "assistant",
    content: "",
    tool_calls: [{ id: "call00000", type: "function", function: { name, arguments: {} } }],
  });
  // Each answer costs a rendering, so it is sought when it is first wanted.
  const answers = new Map<string, boolean>();
  const once = (question: string, answer: () => boolean): boolean => {
    const known = answers.get(question) ?? answer();
    answers.set(question, known);
    return known;
  };
  return {
    knowsDeveloper: literals.has("developer"),
    get keepsLaterSystemMessages() {
      const later = { role: "system", content: FIRST };
      return once("system", () => shows(FIRST, { role: "system", content: "b" }, user, later, user) ?? false);
    },
    get keepsLastToolCalls() {
      return once("calls", () => shows(FIRST, user, call(FIRST)) ?? false);
    },
    get keepsTextAfterSecondClose() {
      const content = `b${CLOSE}${FIRST}${CLOSE}${SECOND}`;
      return once("close", () => shows(SECOND, user, { role: "assistant", content }, user) ?? true);
    },
    get goesOnFromReply() {
      const isLast = (): boolean => {
        try {
          return render([user, { role: "assistant", content: FIRST }], true).endsWith(FIRST);
        } catch {
          // It takes no such conversation at all, and says so itself.
          return true;
        }
      };
      return once("reply", isLast);
    },
    get escapesNames() {
      return once("names", () => shows('a\\"b', user, call('a"b'), { role: "tool", content: "c" }) ?? true);
    },
  };
}
