import type { TokenLikelihood, TokenProbability } from "../../model/served-model.ts";

/** One token as the chat API shows it. */
export function logprobsContent({ chosen, top }: TokenLikelihood): object {
  return { ...shown(chosen), top_logprobs: top.map(shown) };
}

function shown({ text, bytes, logprob }: TokenProbability): object {
  // JSON has no −∞; OpenAI's API says −9999 for what is out of reach.
  return { token: text, logprob: Math.max(-9999, logprob), bytes: Array.from(bytes) };
}
