import { HubError } from "../hub-error.ts";
import { retryAfterOf, TransientError } from "./retry.ts";

/** What a request was about. */
export interface Asked {
  readonly endpoint: string;
  readonly model: string;
  readonly revision: string;
  readonly file?: string | undefined;
  /** Whether a token went with it. */
  readonly withToken: boolean;
}

/** Too early, too often, or a server that is broken for now. */
function isTransient(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500;
}

/**
 * The error for an answer that is not what was asked for, by its status and the hub's `X-Error-Code`.
 * Lets go of the connection.
 */
export async function statusError(response: Response, asked: Asked): Promise<Error> {
  await response.body?.cancel().catch(() => {});
  const { status } = response;
  if (isTransient(status)) {
    const retryAfter = retryAfterOf(response.headers);
    return new TransientError(`it answered ${status} ${response.statusText}`.trimEnd(), {
      status,
      retryAfter,
    });
  }
  const code = response.headers.get("x-error-code");
  if (code === "GatedRepo") return gated(asked, status);
  if (code === "RevisionNotFound") return revisionNotFound(asked, status);
  if (code === "EntryNotFound") return fileNotFound(asked, status);
  if (code === "RepoNotFound" || status === 404) return modelNotFound(asked, status);
  if (status === 401 || status === 403) return denied(asked, status);
  return new HubError({
    code: "HUB_RESPONSE_INVALID",
    message: `${asked.endpoint} answered ${status} ${response.statusText} when asked for "${asked.model}".`,
    model: asked.model,
    file: asked.file,
    actual: status,
  });
}

/** After the last try. */
export function requestFailed({ endpoint, model, file }: Asked, error: TransientError): HubError {
  const { status, retryAfter } = error;
  const advice =
    status === undefined
      ? "Check the connection; HF_ENDPOINT can name a mirror. A model that is in the cache loads offline, " +
        "with HF_HUB_OFFLINE=1 or the option offline."
      : status === 429 && retryAfter !== undefined
        ? `Try again in ${Math.ceil(retryAfter / 1000)} seconds.`
        : "Try again later: what has arrived is kept.";
  return new HubError({
    code: "HUB_REQUEST_FAILED",
    message: `${file === undefined ? "" : `${file} of `}"${model}" could not be had from ${endpoint}: ${error.message}. ${advice}`,
    model,
    file,
    actual: status,
    cause: error.cause ?? error,
  });
}

function gated({ endpoint, model, withToken }: Asked, status: number): HubError {
  const token = withToken
    ? "with the account that HF_TOKEN belongs to"
    : `and set HF_TOKEN to a token of your account (${endpoint}/settings/tokens)`;
  return new HubError({
    code: "HUB_ACCESS_DENIED",
    message: `"${model}" is gated. Accept its terms at ${endpoint}/${model} ${token}.`,
    model,
    actual: status,
  });
}

function denied({ endpoint, model, withToken }: Asked, status: number): HubError {
  return new HubError({
    code: "HUB_ACCESS_DENIED",
    message: withToken
      ? `${endpoint} does not give "${model}" to this token. Check HF_TOKEN, and that its account may read the model.`
      : `${endpoint} does not give "${model}" to everybody, or does not have it. Check the name; if it is ` +
        `private or gated, set HF_TOKEN to a token that may read it (${endpoint}/settings/tokens).`,
    model,
    actual: status,
  });
}

function modelNotFound({ endpoint, model, withToken }: Asked, status: number): HubError {
  return new HubError({
    code: "HUB_MODEL_NOT_FOUND",
    message:
      `There is no model "${model}" at ${endpoint}. Check the name; ` +
      `if it is private, ${withToken ? "HF_TOKEN must be one that may read it" : "set HF_TOKEN to a token that may read it"}.`,
    model,
    actual: status,
  });
}

function revisionNotFound({ endpoint, model, revision }: Asked, status: number): HubError {
  return new HubError({
    code: "HUB_REVISION_NOT_FOUND",
    message: `"${model}" has no branch, tag or commit "${revision}". ${endpoint}/${model}/commits lists what there is.`,
    model,
    actual: status,
  });
}

function fileNotFound({ model, revision, file = "a file" }: Asked, status: number): HubError {
  return new HubError({
    code: "HUB_FILE_NOT_FOUND",
    message: `"${model}" has no ${file} in ${revision}.`,
    model,
    file,
    actual: status,
  });
}
