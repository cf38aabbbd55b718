import { createHandler, loadModel, serveModel } from "@krait/server";

const model = await loadModel(); // the embedded tiny model
const handler = createHandler([serveModel(model, { id: "tiny" })]); // (Request) => Promise<Response>

const response = await handler(
  new Request("http://localhost/v1/chat/completions", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "tiny", messages: [{ role: "user", content: "What is 47 + 38?" }] }),
  }),
);
console.log((await response.json()).choices[0].message.content);
await model[Symbol.asyncDispose]();
