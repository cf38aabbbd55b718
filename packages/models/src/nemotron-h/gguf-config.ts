import { ConfigError, UnsupportedArchitectureError } from "../errors.ts";
import { GgufReader } from "../gguf-reader.ts";

/** Far more than any model has; lists are made for so many. */
const MAX_LAYERS = 4096;

/** What a GGUF file says about itself: its metadata, and the names of its tensors. */
export interface GgufContents {
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly tensors: ReadonlyMap<string, unknown>;
}

/**
 * The fields of a Nemotron-H `config.json`, from the keys that llama.cpp's converter writes for
 * `nemotron_h`. The kind of a layer is in two lists with an entry for each: a layer with key-value heads is
 * attention, one with a feed-forward length is an MLP, and one with neither is Mamba-2. Whether there are
 * biases, and a head of its own, is told by the tensors.
 *
 * @throws {ConfigError} naming the key, what was expected and what it is.
 * @throws {UnsupportedArchitectureError} when layers of one kind differ in size.
 */
export function nemotronHConfigOfGguf({ metadata, tensors }: GgufContents): Record<string, unknown> {
  const read = new GgufReader(metadata, "nemotron_h.");
  const layers = read.count("block_count", MAX_LAYERS);
  const keyValueHeads = read.perLayer("attention.head_count_kv", layers);
  const feedForward = read.perLayer("feed_forward_length", layers);
  const pattern = keyValueHeads.map((heads, layer) => kindOf(heads, feedForward[layer]!, layer)).join("");
  const names = [...tensors.keys()];
  const has = (suffix: string): boolean =>
    names.some((name) => name.startsWith("blk.") && name.endsWith(suffix));
  return {
    model_type: "nemotron_h",
    hybrid_override_pattern: pattern,
    vocab_size: tokenCount(metadata) ?? read.count("vocab_size"),
    hidden_size: read.count("embedding_length"),
    max_position_embeddings: read.count("context_length"),
    layer_norm_epsilon:
      read.optionalPositive("attention.layer_norm_rms_epsilon") ??
      read.positive("attention.layer_norm_epsilon"),
    ...(pattern.includes("-") && { intermediate_size: theOne(feedForward, "MLP layers of several sizes") }),
    ...(pattern.includes("*") && attention(read, keyValueHeads, layers)),
    ...(pattern.includes("M") && mamba(read)),
    use_conv_bias: has(".ssm_conv1d.bias"),
    use_bias: has(".ssm_in.bias"),
    attention_bias: has(".attn_q.bias"),
    mlp_bias: has(".ffn_up.bias"),
    tie_word_embeddings: !tensors.has("output.weight"),
    ...tokenIds(metadata),
  };
}

function kindOf(keyValueHeads: number, feedForward: number, layer: number): string {
  if (keyValueHeads > 0 && feedForward > 0) {
    throw new UnsupportedArchitectureError(`layer ${layer} with both attention and an MLP`, [
      "one of them a layer",
    ]);
  }
  return keyValueHeads > 0 ? "*" : feedForward > 0 ? "-" : "M";
}

function attention(
  read: GgufReader,
  keyValueHeads: readonly number[],
  layers: number,
): Record<string, number> {
  const heads = read.perLayer("attention.head_count", layers);
  const headDim = read.count("attention.key_length");
  if (read.count("attention.value_length") !== headDim) {
    throw new UnsupportedArchitectureError("keys and values of different lengths", ["equal lengths"]);
  }
  return {
    num_attention_heads: theOne(
      heads.filter((_, layer) => keyValueHeads[layer]! > 0),
      "attention layers with different counts of heads",
    ),
    num_key_value_heads: theOne(keyValueHeads, "attention layers with different counts of key-value heads"),
    head_dim: headDim,
  };
}

function mamba(read: GgufReader): Record<string, number> {
  const heads = read.count("ssm.time_step_rank");
  const inner = read.count("ssm.inner_size");
  if (inner % heads !== 0) {
    throw new ConfigError({
      file: "The GGUF file",
      field: "nemotron_h.ssm.inner_size",
      expected: `a multiple of nemotron_h.ssm.time_step_rank, ${heads}`,
      actual: inner,
    });
  }
  return {
    mamba_num_heads: heads,
    mamba_head_dim: inner / heads,
    ssm_state_size: read.count("ssm.state_size"),
    n_groups: read.count("ssm.group_count"),
    conv_kernel: read.count("ssm.conv_kernel"),
  };
}

/** The value that all counts but the zeros share. */
function theOne(counts: readonly number[], otherwise: string): number {
  const [first = 0, ...others] = new Set(counts.filter((count) => count > 0));
  if (others.length > 0)
    throw new UnsupportedArchitectureError(otherwise, ["layers of one kind that are alike"]);
  return first;
}

/** Not every file has a `vocab_size`. */
function tokenCount(metadata: GgufContents["metadata"]): number | undefined {
  const tokens = metadata["tokenizer.ggml.tokens"];
  return Array.isArray(tokens) ? tokens.length : undefined;
}

/** The tokens that begin a text and that end a turn; the file may name several of the latter. */
function tokenIds(metadata: GgufContents["metadata"]): Record<string, unknown> {
  const read = new GgufReader(metadata, "tokenizer.ggml.");
  const id = (role: string) => read.optionalId(`${role}_token_id`);
  const end = [...new Set([id("eos"), id("eot"), id("eom")])].filter((token) => token !== undefined);
  return {
    bos_token_id: id("bos"),
    pad_token_id: id("padding"),
    ...(end.length > 0 && { eos_token_id: end }),
  };
}
