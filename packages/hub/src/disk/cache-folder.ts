import { environment, nodeModules } from "./node.ts";

/**
 * Where models are kept unless an option says otherwise: `KRAIT_CACHE`; else where the Python library keeps
 * them, so that both share one copy: `HF_HUB_CACHE`, `HF_HOME/hub`, or `~/.cache/huggingface/hub`.
 *
 * @throws {HubError} `HUB_NO_FILE_SYSTEM`
 */
export function cacheFolder(variables: Readonly<Record<string, string | undefined>> = environment()): string {
  const { path, os } = nodeModules();
  const { KRAIT_CACHE, HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE, HF_HOME, XDG_CACHE_HOME } = variables;
  const given = KRAIT_CACHE || HF_HUB_CACHE || HUGGINGFACE_HUB_CACHE;
  const home = HF_HOME || path.join(XDG_CACHE_HOME || path.join("~", ".cache"), "huggingface");
  const folder = given || path.join(home, "hub");
  return path.resolve(folder.replace(/^~(?=$|[/\\])/, os.homedir()));
}
