import { createSampler, createTokenHistory, recommendedSampling } from "@krait/sampler";

const prompt = [3, 1, 4];
const history = createTokenHistory(prompt);
const sampler = createSampler({ ...recommendedSampling("on"), repetitionPenalty: 1.1, seed: 42 });

for (let position = prompt.length; position < 8; position++) {
  // A model makes these, one for each token of its vocabulary.
  const logits = Float32Array.from({ length: 6 }, (_, token) => Math.sin(position * token));
  const { token } = sampler.sample(logits, { position, history });
  history.push(token);
  console.log(`position ${position}: token ${token}`);
}
