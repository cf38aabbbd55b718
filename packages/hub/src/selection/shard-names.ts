import { HubError } from "../hub-error.ts";
import { requireSafeName } from "../safe-path.ts";

/**
 * The files that `model.safetensors.index.json` names, each once. Whether they hold what it says is for
 * whoever reads them.
 *
 * @throws {HubError} `HUB_RESPONSE_INVALID` when it is not such an index, `HUB_FILE_NAME_UNSAFE`.
 */
export function shardNames(model: string, file: string, index: Uint8Array): string[] {
  const names = new Set(Object.values(weightMap(model, file, index)));
  return [...names].map((name) => {
    if (typeof name !== "string" || !name.endsWith(".safetensors")) throw invalid(model, file);
    return requireSafeName(name, model);
  });
}

function weightMap(model: string, file: string, index: Uint8Array): object {
  let parsed: { weight_map?: unknown } | null;
  try {
    parsed = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(index));
  } catch (cause) {
    throw invalid(model, file, cause);
  }
  const map = parsed?.weight_map;
  if (typeof map !== "object" || map === null) throw invalid(model, file);
  return map;
}

function invalid(model: string, file: string, cause?: unknown): HubError {
  return new HubError({
    code: "HUB_RESPONSE_INVALID",
    message: `${file} of "${model}" is not an index of safetensors shards. Try another revision.`,
    model,
    file,
    expected: '"weight_map" with a .safetensors file for each tensor',
    cause,
  });
}
