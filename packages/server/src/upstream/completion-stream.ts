import { EventSourceParserStream } from "eventsource-parser/stream";
import { Silence } from "./silence.ts";
import { UpstreamError } from "./upstream-error.ts";

/** An upstream that sends more than this without ending an event sends something else. */
const MOST_EVENT_CHARACTERS = 1 << 20;

/** The body of `POST /v1/completions`, without what every request here has. */
export type CompletionBody = Readonly<Record<string, unknown>> & {
  readonly prompt: string | readonly number[];
};

/** What one event of the stream says. */
export interface CompletionPiece {
  readonly text: string;
  /** Why the upstream ended, when it has. */
  readonly finishReason?: string | undefined;
  readonly usage?: CompletionUsage | undefined;
}

export interface CompletionUsage {
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly cachedTokens: number;
}

export interface CompletionTarget {
  /** Up to and without `/v1`. */
  readonly url: string;
  readonly apiKey?: string | undefined;
  readonly fetch: typeof fetch;
  /** How long it may say nothing, before its first byte and between two. */
  readonly silenceSeconds: number;
}

/**
 * Streams a completion of any server that speaks OpenAI's API. Leaving the loop ends it there, too.
 *
 * @throws {UpstreamError} when it cannot be reached, refuses, breaks off before it has finished, or says nothing for
 *   too long.
 */
export async function* streamCompletion(
  target: CompletionTarget,
  body: CompletionBody,
  signal: AbortSignal,
): AsyncGenerator<CompletionPiece, void, undefined> {
  const silence = new Silence(target.url, target.silenceSeconds);
  const response = await post(target, body, signal, silence);
  const events = silence
    .watch(response.body!)
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array<ArrayBuffer>>)
    .pipeThrough(new EventSourceParserStream({ maxBufferSize: MOST_EVENT_CHARACTERS }));
  let hasFinished = false;
  try {
    for await (const { data } of events) {
      if (data === "[DONE]") break;
      const piece = pieceOf(target.url, data);
      hasFinished ||= piece.finishReason !== undefined;
      yield piece;
    }
  } catch (cause) {
    // A text that is whole is not spoiled by what becomes of the connection afterwards.
    if (hasFinished && !signal.aborted) return;
    if (signal.aborted || cause instanceof UpstreamError) throw cause;
    throw new UpstreamError(target.url, `broke off: ${reasonOf(cause)}.`, { cause });
  }
  if (!hasFinished) throw new UpstreamError(target.url, "broke off without having finished.");
}

async function post(
  { url, apiKey, fetch }: CompletionTarget,
  body: CompletionBody,
  signal: AbortSignal,
  silence: Silence,
): Promise<Response> {
  let response: Response;
  try {
    const answer = fetch(`${url}/v1/completions`, {
      method: "POST",
      signal: AbortSignal.any([signal, silence.signal]),
      headers: {
        "content-type": "application/json",
        accept: "text/event-stream",
        ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
      },
      body: JSON.stringify({ ...body, stream: true, stream_options: { include_usage: true } }),
    });
    response = await silence.broken(answer);
  } catch (cause) {
    if (signal.aborted || cause instanceof UpstreamError) throw cause;
    throw new UpstreamError(url, `cannot be reached: ${reasonOf(cause)}.`, { cause });
  }
  if (response.ok && response.body !== null) return response;
  const { status, headers } = response;
  const answer = (await silence.broken(response.text()).catch(() => "")).slice(0, 10_000);
  const said = messageIn(answer);
  // Whole seconds; the other form, a date, is not worth a clock that may be off.
  const wait = Number(headers.get("retry-after") ?? Number.NaN);
  throw new UpstreamError(url, `answered ${status}: ${(said ?? answer).slice(0, 500)}`, {
    ...{ status, said, retryAfterSeconds: wait >= 0 ? wait : undefined },
  });
}

/** `fetch` says what is the matter in the cause of its error. */
export function reasonOf(error: unknown): string {
  const { message, cause } = error as { message?: string; cause?: { message?: string; code?: string } };
  return cause?.message || cause?.code || message || "for no reason that is known";
}

/** Of an error's body, as OpenAI's API has it and as vLLM had it. */
function messageIn(body: string): string | undefined {
  try {
    const { error, message } = JSON.parse(body);
    const said: unknown = error?.message ?? message;
    return typeof said === "string" ? said : undefined;
  } catch {
    return undefined;
  }
}

function pieceOf(url: string, data: string): CompletionPiece {
  let event: {
    choices?: { text?: string; finish_reason?: string | null }[];
    usage?: {
      prompt_tokens?: number;
      completion_tokens?: number;
      prompt_tokens_details?: { cached_tokens?: number } | null;
    } | null;
    error?: { message?: string };
  };
  try {
    event = JSON.parse(data);
  } catch (cause) {
    throw new UpstreamError(url, `sent an event that is not JSON: ${data.slice(0, 200)}`, { cause });
  }
  if (event.error !== undefined) {
    throw new UpstreamError(url, `failed: ${event.error?.message ?? JSON.stringify(event.error)}`);
  }
  const choice = event.choices?.[0];
  const { usage } = event;
  return {
    text: choice?.text ?? "",
    finishReason: choice?.finish_reason ?? undefined,
    usage: usage
      ? {
          promptTokens: usage.prompt_tokens ?? 0,
          completionTokens: usage.completion_tokens ?? 0,
          cachedTokens: usage.prompt_tokens_details?.cached_tokens ?? 0,
        }
      : undefined,
  };
}
