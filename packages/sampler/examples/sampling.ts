import { createSampler, createTokenHistory, recommendedSampling } from "@krait/sampler";

const prompt = [3, 1, 4];
const history = createTokenHistory(prompt);
const sampler = createSampler({
  ...recommendedSampling("on"),
  repetitionPenalty: 1.1,
  seed: 42,
  logprobs: 2,
});

for (let position = prompt.length; position < 8; position++) {
  const logits = Float32Array.from({ length: 6 }, (_, token) => Math.sin(position * token)); // a model's, in earnest
  const { token, logprob, top } = sampler.sample(logits, { position, history });
  history.push(token);
  console.log(
    position,
    token,
    logprob?.toFixed(3),
    top?.map((entry) => entry.token),
  );
}
