import { loadModel } from "krait";

const model = await loadModel();

// The question is read once; each of its answers costs its own tokens only.
const session = await model.openSession([{ role: "user", content: "What is 47 + 38?" }]);
const { choices = [] } = await session.chat([], { n: 3, sampling: { temperature: 0.7 } }).result();
const best = choices.reduce((one, other) => (other.text.length < one.text.length ? other : one));

// A branch with the answer in it; `session` stays as it is.
const branch = await session.extend([best.message]);
const file = await branch.save(); // conversation and states, for later or for another backend

const restored = model.loadSession(file);
const { text, usage } = await restored.chat([{ role: "user", content: "Thank you!" }]).result();
console.log(text, `(${usage.cachedTokens} of ${usage.promptTokens} prompt tokens were kept)`);

for (const each of [session, branch, restored]) each.close(); // or `using`
await model[Symbol.asyncDispose]();
