import { homedir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { cacheFolder } from "./cache-folder.ts";

const all = { KRAIT_CACHE: "/k", HF_HUB_CACHE: "/hub", HF_HOME: "/home", XDG_CACHE_HOME: "/xdg" };

test.for([
  [all, "/k"],
  [{ ...all, KRAIT_CACHE: "" }, "/hub"],
  [{ HUGGINGFACE_HUB_CACHE: "/older", HF_HOME: "/home" }, "/older"],
  [{ HF_HOME: "/home", XDG_CACHE_HOME: "/xdg" }, "/home/hub"],
  [{ XDG_CACHE_HOME: "/xdg" }, "/xdg/huggingface/hub"],
  [{ HF_HOME: "~/hf" }, join(homedir(), "hf/hub")],
  [{}, join(homedir(), ".cache/huggingface/hub")],
] as const)("%o: models are in %s", ([variables, folder]) => {
  expect(cacheFolder(variables)).toBe(folder);
});
