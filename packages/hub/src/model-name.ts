import { HubError, quote } from "./hub-error.ts";

/** What a model is asked for by. */
export interface ModelName {
  /** Organisation and repository: `nvidia/NVIDIA-Nemotron-Nano-9B-v2`. */
  readonly id: string;
  /** Which of several GGUF files: its name, or a part of it such as `Q4_0`. */
  readonly file: string | undefined;
}

/** As the hub allows them: letters, digits, `_`, `-` and `.`, which neither lead nor end nor stand twice. */
const segment = /^(?!.*(--|\.\.))[A-Za-z0-9_](?:[\w.-]{0,94}[A-Za-z0-9_])?$/;

/** Whether a text could name a model on the hub: `org/model`, or `org/model:Q4_0`. */
export function isModelName(text: string): boolean {
  const [id = ""] = splitName(text);
  const parts = id.split("/");
  return parts.length === 2 && parts.every((part) => segment.test(part)) && !id.endsWith(".git");
}

/**
 * Reads `org/model` or `org/model:file`.
 *
 * @param file - the same as what may follow the colon.
 * @throws {HubError} `HUB_NAME_INVALID` for anything else, or when two different files are named.
 */
export function parseModelName(name: string, file?: string): ModelName {
  if (!isModelName(name)) {
    throw new HubError({
      code: "HUB_NAME_INVALID",
      message:
        `${quote(name)} is not the name of a model on the hub. Give organisation and repository, ` +
        `such as "nvidia/NVIDIA-Nemotron-Nano-9B-v2", and for one of several GGUF files ":Q4_0" after it.`,
      expected: "org/model or org/model:file",
      actual: name,
    });
  }
  const [id, named] = splitName(name);
  if (named !== undefined && file !== undefined && named !== file) {
    throw new HubError({
      code: "HUB_NAME_INVALID",
      message: `${quote(name)} names the file ${quote(named)}, and the option "file" ${quote(file)}. Give one of them.`,
      model: id,
      file,
      expected: named,
      actual: file,
    });
  }
  return { id: id!, file: named ?? file };
}

/** The id, and what follows the first colon if it is anything. */
function splitName(name: string): [id: string, file: string | undefined] {
  const colon = name.indexOf(":");
  if (colon < 0 || colon === name.length - 1) return [name, undefined];
  return [name.slice(0, colon), name.slice(colon + 1)];
}
