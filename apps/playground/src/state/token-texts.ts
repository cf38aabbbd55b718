import type { TokenEvent } from "krait";
import type { TimedEvent } from "../conversation/apply-events.ts";
import type { TokenRecord } from "../conversation/turn.ts";
import type { HostedModel } from "../model/model-host.ts";

/** The texts of a model's tokens, each asked for once. */
export class TokenTexts {
  readonly #model: Pick<HostedModel, "tokenTexts">;
  readonly #texts = new Map<number, string>();

  constructor(model: Pick<HostedModel, "tokenTexts">) {
    this.#model = model;
  }

  /** Adds to token events with candidates what a person can read of them. */
  async record(events: readonly TimedEvent[]): Promise<readonly TimedEvent[]> {
    const tokens = events.map(({ event }) => event).filter(hasCandidates);
    // A forced token stands between others, so it is recorded where others are.
    const isRecording = tokens.length > 0 || this.#texts.size > 0;
    if (!isRecording) return events;
    const forced = events.flatMap(({ event }) =>
      event.type === "token" && event.forced ? [event.token] : [],
    );
    await this.#learn([
      ...forced,
      ...tokens.flatMap(({ token, top }) => [token, ...top.map((each) => each.token)]),
    ]);
    return events.map((timed) => {
      const { event } = timed;
      const isRecorded = event.type === "token" && (event.forced || event.top !== undefined);
      return isRecorded ? { ...timed, record: this.#recordOf(event) } : timed;
    });
  }

  async #learn(ids: readonly number[]): Promise<void> {
    const unknown = [...new Set(ids)].filter((id) => !this.#texts.has(id));
    if (unknown.length === 0) return;
    // Where the model is gone, so is the answer: what has come of it is shown all the same.
    const texts = await this.#model.tokenTexts(unknown).catch((): readonly string[] => []);
    for (const [index, id] of unknown.entries()) this.#texts.set(id, texts[index] ?? "");
  }

  #recordOf({ token, reasoning, forced, logprob, top = [] }: TokenEvent): TokenRecord {
    const candidates = top.map((each) => ({ text: this.#texts.get(each.token)!, logprob: each.logprob }));
    return { text: this.#texts.get(token)!, reasoning, forced, logprob, candidates };
  }
}

function hasCandidates(event: TimedEvent["event"]): event is TokenEvent & Required<Pick<TokenEvent, "top">> {
  return event.type === "token" && event.top !== undefined;
}
