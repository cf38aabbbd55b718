import { demoTools, loadModel } from "krait";

const model = await loadModel(); // the embedded tiny model; give a folder, a URL or "org/name" for another

for await (const event of model.chat([{ role: "user", content: "What is 47 + 38?" }])) {
  if (event.type === "text-delta") process.stdout.write(event.text);
}

const run = model.runTools([{ role: "user", content: "Weather in Paris?" }], { tools: demoTools() });
console.log((await run.result()).text);
await model[Symbol.asyncDispose]();
