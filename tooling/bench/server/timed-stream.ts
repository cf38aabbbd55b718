/** What one client saw, in milliseconds. */
export interface StreamTimes {
  readonly firstToken: number;
  /** From each token to the next. */
  readonly gaps: readonly number[];
}

/** Asks for so many tokens and notes when each comes. Every number has a prompt of its own. */
export async function timedStream(url: string, number: number, tokens: number): Promise<StreamTimes> {
  const started = performance.now();
  const response = await fetch(`${url}/v1/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      prompt: `${number}: The quick brown fox jumps over the lazy dog. `.repeat(8),
      max_tokens: tokens,
      stream: true,
      // The ends of an answer, so that all are of one length.
      logit_bias: { 2: -100, 11: -100, 12: -100 },
    }),
  });
  if (!response.ok || response.body === null) throw new Error(`${response.status}: ${await response.text()}`);
  const times: number[] = [];
  let rest = "";
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    const now = performance.now();
    for (const line of lines) if (/^data: \{.*"text":"[^"]/.test(line)) times.push(now);
  }
  const [first = Number.NaN] = times;
  return { firstToken: first - started, gaps: times.slice(1).map((time, index) => time - times[index]!) };
}
