import { NumpyRandom } from "./numpy-random.ts";

/** What of a config decides the shapes of the weights. */
export interface OracleConfig {
  readonly vocab_size: number;
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly hybrid_override_pattern: string;
  readonly num_attention_heads: number;
  readonly num_key_value_heads: number;
  readonly head_dim: number;
  readonly mamba_num_heads: number;
  readonly mamba_head_dim: number;
  readonly ssm_state_size: number;
  readonly n_groups: number;
  readonly conv_kernel: number;
}

export interface OracleWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float64Array;
}

/** The weights that `make_weights` of `tooling/oracle/make_fixtures.py` draws, in its order. */
export function oracleWeights(config: OracleConfig, seed: number): OracleWeight[] {
  const random = new NumpyRandom(seed);
  const weights: OracleWeight[] = [];
  const put = (name: string, shape: readonly number[], values: Float64Array) =>
    weights.push({ name, shape, values });
  const normal = (name: string, shape: readonly number[], of: (x: number) => number) =>
    put(name, shape, random.standardNormal(shape.reduce((a, b) => a * b)).map(of));
  const matrix = (name: string, outputs: number, inputs: number, gain = 1) => {
    const factor = gain / Math.sqrt(inputs);
    normal(`${name}.weight`, [outputs, inputs], (x) => x * factor);
  };
  const aroundOne = (name: string, length: number) => normal(`${name}.weight`, [length], (x) => 1 + 0.15 * x);

  const hidden = config.hidden_size;
  const inner = config.mamba_num_heads * config.mamba_head_dim;
  const channels = inner + 2 * config.n_groups * config.ssm_state_size;

  const mamba = (name: string) => {
    const heads = config.mamba_num_heads;
    const timeStep = random.uniform(heads, Math.log(0.001), Math.log(0.1)).map(Math.exp);
    put(`${name}.A_log`, [heads], random.uniform(heads, 1, 16).map(Math.log));
    put(`${name}.D`, [heads], random.uniform(heads, 0.5, 1.5));
    normal(`${name}.conv1d.weight`, [channels, 1, config.conv_kernel], (x) => x * 0.5);
    normal(`${name}.conv1d.bias`, [channels], (x) => x * 0.2);
    put(
      `${name}.dt_bias`,
      [heads],
      timeStep.map((dt) => dt + Math.log(-Math.expm1(-dt))),
    );
    matrix(`${name}.in_proj`, inner + channels + heads, hidden, 1.2);
    aroundOne(`${name}.norm`, inner);
    matrix(`${name}.out_proj`, hidden, inner, 0.8);
  };
  const attention = (name: string) => {
    const queries = config.num_attention_heads * config.head_dim;
    const keys = config.num_key_value_heads * config.head_dim;
    matrix(`${name}.q_proj`, queries, hidden, 1.6);
    matrix(`${name}.k_proj`, keys, hidden, 1.6);
    matrix(`${name}.v_proj`, keys, hidden);
    matrix(`${name}.o_proj`, hidden, queries, 1.5);
  };
  const mlp = (name: string) => {
    matrix(`${name}.up_proj`, config.intermediate_size, hidden);
    matrix(`${name}.down_proj`, hidden, config.intermediate_size, 0.6);
  };

  normal("backbone.embeddings.weight", [config.vocab_size, hidden], (x) => x);
  for (const [layer, kind] of [...config.hybrid_override_pattern].entries()) {
    aroundOne(`backbone.layers.${layer}.norm`, hidden);
    (kind === "M" ? mamba : kind === "*" ? attention : mlp)(`backbone.layers.${layer}.mixer`);
  }
  aroundOne("backbone.norm_f", hidden);
  matrix("lm_head", config.vocab_size, hidden, 3);
  return weights;
}
