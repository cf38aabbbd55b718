/** What `/v1/models` says of a model: vLLM, SGLang and Krait have the first, hosted APIs the second, llama.cpp the third. */
interface ListedModel {
  readonly id?: unknown;
  readonly max_model_len?: unknown;
  readonly context_length?: unknown;
  readonly meta?: { readonly n_ctx?: unknown } | null;
}

/**
 * How many tokens of prompt and answer together an upstream takes; undefined where it does not say.
 *
 * @throws whatever `fetch` throws, and `TypeError` when the answer is no list of models.
 */
export async function contextLengthOf(
  fetch: typeof globalThis.fetch,
  {
    url,
    model,
    apiKey,
  }: { readonly url: string; readonly model: string; readonly apiKey: string | undefined },
): Promise<number | undefined> {
  const response = await fetch(`${url}/v1/models`, {
    signal: AbortSignal.timeout(5000),
    headers: apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` },
  });
  const { data } = (await response.json()) as { data?: readonly ListedModel[] };
  if (!Array.isArray(data)) throw new TypeError(`${url}/v1/models is no list of models.`);
  const listed: ListedModel | undefined = data.find(({ id }) => id === model) ?? data[0];
  return [listed?.max_model_len, listed?.context_length, listed?.meta?.n_ctx].find(
    (value): value is number => Number.isSafeInteger(value) && (value as number) > 0,
  );
}
