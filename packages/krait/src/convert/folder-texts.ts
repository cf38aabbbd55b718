import type { TokenizerFiles } from "@krait/tokenizer";
import type { ModelFolder, WeightFile } from "@krait/weights";
import type { ModelFiles } from "../model-files.ts";

/** The text files of a model in the Hugging Face layout, as far as they are copied. */
const copied = [
  "config.json",
  "generation_config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "chat_template.jinja",
  "LICENSE",
  "NOTICE",
] as const;

/** The files beside the weights: those of the source, or what a GGUF file says in their form. */
export async function folderTexts(
  folder: ModelFolder,
  file: WeightFile,
  files: ModelFiles,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  const put = (name: string, content: object): void => {
    texts.set(name, `${JSON.stringify(content, null, 2)}\n`);
  };
  if (file.format === "safetensors") {
    for (const name of copied) {
      const text = await folder.text(name, { signal });
      if (text !== undefined) texts.set(name, text);
    }
    return texts;
  }
  const { config, defaults, text } = files;
  put("config.json", {
    architectures: ["NemotronHForCausalLM"],
    ...config,
    num_hidden_layers: String(config.hybrid_override_pattern).length,
  });
  put("generation_config.json", generationConfig(defaults));
  if (text.tokenizer !== undefined) {
    put("tokenizer.json", asObject(text.tokenizer.tokenizer));
    put("tokenizer_config.json", tokenizerConfig(text.tokenizer, file));
  }
  if (text.template !== undefined) texts.set("chat_template.jinja", text.template);
  return texts;
}

function generationConfig({ endTokens, sampling }: ModelFiles["defaults"]): object {
  const { temperature, topK, topP, minP, repetitionPenalty } = sampling ?? {};
  return {
    eos_token_id: endTokens,
    ...(temperature === 0 ? { do_sample: false } : { temperature }),
    top_k: topK,
    top_p: topP,
    min_p: minP,
    repetition_penalty: repetitionPenalty,
  };
}

function tokenizerConfig({ tokenizerConfig = {} }: TokenizerFiles, { metadata }: WeightFile): object {
  const begins = metadata["tokenizer.ggml.add_bos_token"];
  return {
    ...asObject(tokenizerConfig),
    ...(typeof begins === "boolean" && { add_bos_token: begins }),
    clean_up_tokenization_spaces: false,
    tokenizer_class: "PreTrainedTokenizerFast",
  };
}

function asObject(file: string | object): object {
  return typeof file === "string" ? JSON.parse(file) : file;
}
