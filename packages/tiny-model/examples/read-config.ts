import { readFile } from "node:fs/promises";
import { modelUrl } from "@krait/tiny-model"; // a folder in the Hugging Face layout

const generation = JSON.parse(await readFile(new URL("generation_config.json", modelUrl), "utf8"));
console.log(modelUrl.href, generation.eos_token_id); // …/model/ [ 2, 11, 12 ]
