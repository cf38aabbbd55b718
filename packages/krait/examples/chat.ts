import { demoTools, loadModel } from "krait";

const model = await loadModel(); // the embedded tiny model; give a folder or a URL for another
const messages = [{ role: "user", content: "What is 47 + 38?" }];

for await (const event of model.chat(messages)) {
  if (event.type === "reasoning-delta") process.stdout.write(event.text.toUpperCase());
  if (event.type === "text-delta") process.stdout.write(event.text);
}

const weather = [{ role: "user", content: "What is the weather in Paris?" }];
console.log((await model.runTools(weather, { tools: demoTools() }).result()).text);
await model[Symbol.asyncDispose]();
