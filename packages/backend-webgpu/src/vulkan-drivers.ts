interface NodeProcess {
  readonly platform: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  getBuiltinModule?(name: string): unknown;
}

interface FileSystem {
  readdirSync(folder: string): string[];
}

/** The software drivers by the names of their manifests: Mesa's lavapipe, and SwiftShader. */
const software = /\/(lvp_|vk_swiftshader)[^/]*$/;

/**
 * Whether there may be a driver for a graphics card. False only in Node on Linux, where no manifest of a
 * Vulkan driver that is not a software one lies in any of the places where Vulkan's loader looks: to ask
 * Dawn there would load 100 MB and print warnings.
 *
 * @see https://github.com/KhronosGroup/Vulkan-Loader/blob/main/docs/LoaderDriverInterface.md
 */
export function mayHaveGraphicsDriver(
  node: NodeProcess | undefined = (globalThis as { readonly process?: NodeProcess }).process,
): boolean {
  if (node?.platform !== "linux") return true;
  const files = node.getBuiltinModule?.("node:fs") as FileSystem | undefined;
  if (files === undefined) return true;
  return manifestsOf(node.env, files).some((path) => !software.test(path));
}

function manifestsOf(env: NodeProcess["env"], files: FileSystem): string[] {
  const pathsIn = (list: string | undefined): string[] =>
    (list ?? "").split(":").filter((path) => path !== "");
  const forced = env.VK_DRIVER_FILES ?? env.VK_ICD_FILENAMES;
  if (forced !== undefined) return pathsIn(forced);
  const home = env.HOME ?? "";
  const folders = [
    env.XDG_CONFIG_HOME ?? `${home}/.config`,
    ...pathsIn(env.XDG_CONFIG_DIRS ?? "/etc/xdg"),
    "/usr/local/etc",
    "/etc",
    env.XDG_DATA_HOME ?? `${home}/.local/share`,
    ...pathsIn(env.XDG_DATA_DIRS ?? "/usr/local/share:/usr/share"),
  ];
  const listed = folders.flatMap((folder) => manifestsIn(`${folder}/vulkan/icd.d`, files));
  return [...pathsIn(env.VK_ADD_DRIVER_FILES), ...listed];
}

function manifestsIn(folder: string, files: FileSystem): string[] {
  try {
    return files
      .readdirSync(folder)
      .filter((name) => name.endsWith(".json"))
      .map((name) => `${folder}/${name}`);
  } catch {
    return [];
  }
}
