import { expect, test } from "vitest";
import { mayHaveGraphicsDriver } from "./vulkan-drivers.ts";

/** A machine with these files. */
const linux = (files: readonly string[], env: Readonly<Record<string, string>> = {}) => ({
  platform: "linux",
  env: { HOME: "/home/me", ...env },
  getBuiltinModule: () => ({
    readdirSync(folder: string) {
      const found = files.filter((path) => path.startsWith(`${folder}/`));
      if (found.length === 0) throw new Error("ENOENT");
      return found.map((path) => path.slice(folder.length + 1));
    },
  }),
});

test.each([
  [["/usr/share/vulkan/icd.d/nvidia_icd.json"], {}, true],
  [["/etc/vulkan/icd.d/nvidia_icd.json"], {}, true],
  [["/home/me/.local/share/vulkan/icd.d/radeon_icd.x86_64.json"], {}, true],
  [["/opt/drivers/vulkan/icd.d/intel_icd.json"], { XDG_DATA_DIRS: "/usr/share:/opt/drivers" }, true],
  [["/usr/share/vulkan/icd.d/lvp_icd.x86_64.json"], {}, false],
  [["/usr/share/vulkan/icd.d/lvp_icd.json", "/etc/vulkan/icd.d/amd_icd64.json"], {}, true],
  [["/usr/share/vulkan/icd.d/README"], {}, false],
  [[], {}, false],
  [["/usr/share/vulkan/icd.d/nvidia_icd.json"], { VK_ICD_FILENAMES: "/a/lvp_icd.json" }, false],
  [[], { VK_DRIVER_FILES: "/a/lvp_icd.json:/a/nvidia_icd.json" }, true],
  [[], { VK_DRIVER_FILES: "/usr/lib/chromium/vk_swiftshader_icd.json" }, false],
  [[], { VK_ADD_DRIVER_FILES: "/a/nvidia_icd.json" }, true],
] as const)("of the manifests %j with %j there is a graphics card's: %s", (files, env, expected) => {
  expect(mayHaveGraphicsDriver(linux(files, env))).toBe(expected);
});

test("where manifests are not how drivers are found, there may be one", () => {
  expect(mayHaveGraphicsDriver({ ...linux([]), platform: "darwin" })).toBe(true);
  expect(mayHaveGraphicsDriver({ platform: "linux", env: {} })).toBe(true);
});
