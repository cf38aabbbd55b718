import { elementCount, quantize } from "@krait/tensor";
import { encodeSafetensors, openModelFolder, type TensorToWrite } from "@krait/weights";
import { Random } from "./random.ts";
import type { ModelSource } from "./runnable-model.ts";

/**
 * A small Nemotron-H with random sizes and weights, the same for the same seed.
 *
 * Its checkpoint is written from the published layout and not from what `@krait/models` expects, so
 * that loading it checks names and shapes too.
 *
 * @param fixed - what of the config is not left to chance.
 */
export async function randomModel(seed: number, fixed: Partial<RandomConfig> = {}): Promise<ModelSource> {
  const random = new Random(seed);
  const config: RandomConfig = { ...randomConfig(random), ...fixed };
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for await (const piece of encodeSafetensors(randomTensors(config, random))) pieces.push(piece.slice());
  const folder = await openModelFolder(new Map([["model.safetensors", new Blob(pieces)]]));
  const name = `random model ${seed}, ${config.hybrid_override_pattern}`;
  return { name, config: { ...config }, weights: await folder.weights() };
}

interface RandomConfig extends ReturnType<typeof randomConfig> {
  /** Of every tensor; each has its own unless given. */
  readonly torch_dtype?: "bfloat16";
}

function randomConfig(random: Random) {
  const kinds = ["M", "*", "-", ...Array.from({ length: 3 }, () => "M*-"[random.integer(0, 3)]!)];
  const flag = (): boolean => random.next() < 0.5;
  const groups = random.integer(1, 4);
  const keyValueHeads = random.integer(1, 4);
  return {
    model_type: "nemotron_h",
    hybrid_override_pattern: random.shuffle(kinds).join(""),
    vocab_size: random.integer(40, 70),
    hidden_size: random.integer(12, 25),
    intermediate_size: random.integer(10, 40),
    num_attention_heads: keyValueHeads * random.integer(1, 4),
    num_key_value_heads: keyValueHeads,
    head_dim: random.integer(3, 10),
    mamba_num_heads: groups * random.integer(1, 4),
    mamba_head_dim: random.integer(3, 10),
    ssm_state_size: random.integer(3, 10),
    n_groups: groups,
    conv_kernel: random.integer(2, 5),
    chunk_size: random.integer(4, 17),
    layer_norm_epsilon: 1e-5,
    max_position_embeddings: 256,
    use_conv_bias: flag(),
    use_bias: flag(),
    attention_bias: flag(),
    mlp_bias: flag(),
    tie_word_embeddings: flag(),
  };
}

/** Scaled so that each layer adds about as much to the residual stream as it finds there. */
function randomTensors(config: RandomConfig, random: Random): TensorToWrite[] {
  const tensors: TensorToWrite[] = [];
  const add = (name: string, shape: readonly number[], values: Float32Array): void => {
    const dtype = config.torch_dtype ? "BF16" : (["F32", "BF16", "F16"] as const)[random.integer(0, 3)]!;
    const format = ({ F32: "f32", BF16: "bf16", F16: "f16" } as const)[dtype];
    tensors.push({ name, dtype, shape, data: quantize(format, values) });
  };
  const normal = (name: string, shape: readonly number[], deviation: number): void =>
    add(name, shape, random.normal(elementCount(shape), deviation));
  const linear = (name: string, outputs: number, inputs: number, bias: boolean): void => {
    normal(`${name}.weight`, [outputs, inputs], 1 / Math.sqrt(inputs));
    if (bias) normal(`${name}.bias`, [outputs], 0.3);
  };
  const norm = (name: string, channels: number): void =>
    add(`${name}.weight`, [channels], random.uniform(channels, 0.7, 1.3));

  const hidden = config.hidden_size;
  const heads = config.mamba_num_heads;
  const inner = heads * config.mamba_head_dim;
  const channels = inner + 2 * config.n_groups * config.ssm_state_size;
  normal("backbone.embeddings.weight", [config.vocab_size, hidden], 1);
  for (const [layer, kind] of [...config.hybrid_override_pattern].entries()) {
    const name = `backbone.layers.${layer}`;
    const mixer = `${name}.mixer`;
    norm(`${name}.norm`, hidden);
    if (kind === "M") {
      linear(`${mixer}.in_proj`, inner + channels + heads, hidden, config.use_bias);
      normal(`${mixer}.conv1d.weight`, [channels, 1, config.conv_kernel], 0.5);
      if (config.use_conv_bias) normal(`${mixer}.conv1d.bias`, [channels], 0.2);
      add(`${mixer}.A_log`, [heads], random.uniform(heads, 0, 2.5));
      add(`${mixer}.D`, [heads], random.uniform(heads, 0.5, 1.5));
      add(`${mixer}.dt_bias`, [heads], random.uniform(heads, -5, -1));
      norm(`${mixer}.norm`, inner);
      linear(`${mixer}.out_proj`, hidden, inner, config.use_bias);
    } else if (kind === "*") {
      const keys = config.num_key_value_heads * config.head_dim;
      const queries = config.num_attention_heads * config.head_dim;
      linear(`${mixer}.q_proj`, queries, hidden, config.attention_bias);
      linear(`${mixer}.k_proj`, keys, hidden, config.attention_bias);
      linear(`${mixer}.v_proj`, keys, hidden, config.attention_bias);
      linear(`${mixer}.o_proj`, hidden, queries, config.attention_bias);
    } else {
      linear(`${mixer}.up_proj`, config.intermediate_size, hidden, config.mlp_bias);
      linear(`${mixer}.down_proj`, hidden, config.intermediate_size, config.mlp_bias);
    }
  }
  norm("backbone.norm_f", hidden);
  if (!config.tie_word_embeddings) normal("lm_head.weight", [config.vocab_size, hidden], 1);
  return tensors;
}
