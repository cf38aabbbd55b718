import { architectureOf, planMemory, resolveModelOptions } from "@krait/models";

// What matters of a Nemotron-H config.json; in practice the file that lies beside the weights.
const architecture = architectureOf({
  model_type: "nemotron_h",
  hybrid_override_pattern: "M-M*-M-",
  vocab_size: 512,
  hidden_size: 64,
  intermediate_size: 160,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 32,
  mamba_num_heads: 8,
  mamba_head_dim: 16,
  ssm_state_size: 32,
  n_groups: 2,
  max_position_embeddings: 4096,
});
console.log(architecture.summary);

const { program, largest } = resolveModelOptions(architecture, { kvDtype: "f32" }, {}, { maxContext: 1024 });
const programs = architecture.programs(program);
console.log(planMemory(architecture, programs, largest));
console.log(String(programs.forward).split("\n").slice(0, 30).join("\n"));
