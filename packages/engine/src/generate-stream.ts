import type { GenerateEvent } from "./events.ts";

/** A generation under way. Iterate it once; leaving the loop ends it and frees its states. */
export interface GenerateStream extends AsyncIterable<GenerateEvent> {
  /** Ends the reasoning now: the closing marker follows the token that is being generated. */
  endThinking(): void;
}
