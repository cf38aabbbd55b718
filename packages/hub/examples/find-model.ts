import { HubError, listModels, pullModel } from "@krait/hub";

for (const { id, revisions, byteLength } of await listModels()) {
  console.log(`${id} ${revisions}: ${(byteLength / 1e9).toFixed(2)} GB`);
}

try {
  // Without `offline`, this downloads what is missing.
  const model = await pullModel("nvidia/NVIDIA-Nemotron-Nano-9B-v2", { offline: true });
  console.log(model.path);
} catch (error) {
  if (!(error instanceof HubError)) throw error;
  console.log(`${error.code}: ${error.message}`);
}
