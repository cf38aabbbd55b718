/** What errors of the hub tell beside their message; they may have crossed from a worker. */
interface Failure {
  readonly code?: unknown;
  readonly model?: unknown;
  /** The last status of the server, if it answered. */
  readonly actual?: unknown;
}

/**
 * What went wrong, and what to do about it in this page: the libraries below give advice for programs and
 * shells, such as the names of environment variables.
 *
 * @param hub - the address of the hub that was asked; the Hugging Face hub unless given.
 */
export function failureText(error: unknown, hub = "https://huggingface.co"): string {
  const { code, model, actual } = (error ?? {}) as Failure;
  const isUrl = typeof model === "string" && model.includes("://");
  const place = isUrl ? "its server" : hub;
  switch (code) {
    case "HUB_MODEL_NOT_FOUND":
      return isUrl
        ? messageOf(error)
        : `There is no model "${model}" at ${hub}. Check the name. If it is private, give an access token that may read it, in the settings.`;
    case "HUB_ACCESS_DENIED":
      return (
        `${hub} does not give "${model}" to everybody. Check the name. If the model is gated, accept its terms ` +
        `at ${hub}/${model}. Then give an access token that may read it, in the settings.`
      );
    case "HUB_REQUEST_FAILED":
      if (actual !== undefined)
        return `${place} answered ${actual} again and again. Try again later: what has arrived is kept.`;
      return isUrl
        ? `Its server cannot be reached, or does not let other pages read its files (CORS). Check the address and the connection.`
        : `${hub} cannot be reached, and "${model}" is not kept in this browser. Check the connection, and the hub's address in the settings.`;
    case "GRAMMAR_SCHEMA":
    case "GRAMMAR_REGEX":
    case "GRAMMAR_EMPTY":
    case "GRAMMAR_TOO_LARGE":
      return `Answers cannot be held to the JSON schema in the settings. ${messageOf(error)}`;
    default:
      return messageOf(error);
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
