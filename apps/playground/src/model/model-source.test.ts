import { expect, test } from "vitest";
import { labelOf, sourceOfAddress, sourceOfFiles } from "./model-source.ts";

test.each([
  "nvidia/NVIDIA-Nemotron-Nano-9B-v2",
  "org/name-GGUF:Q4_0",
  " https://example.org/models/nano.gguf?download=true ",
])("%j is the address of a model", (text) => {
  expect(sourceOfAddress(text)).toEqual({ kind: "address", address: text.trim() });
});

test.each(["", "nano", "org/name/more", "ftp://example.org/a.gguf", "https://", "hello world/x"])(
  "%j is not the address of a model",
  (text) => {
    expect(sourceOfAddress(text)).toBeUndefined();
  },
);

test("files are a model when there are weights among them", () => {
  const config = new File(["{}"], "config.json");
  expect(sourceOfFiles([config])).toBeUndefined();
  const source = sourceOfFiles([config, new File([""], "model.safetensors")])!;
  expect(labelOf(source)).toBe("2 files");
  expect(labelOf(sourceOfFiles([new File([""], "nano-q4_0.gguf")])!)).toBe("nano-q4_0.gguf");
  expect(labelOf(sourceOfFiles([new File([""], "model.safetensors")])!)).toBe("model.safetensors");
});

test("of a folder that was chosen, files of folders in it are none of the model's", () => {
  const inFolder = (path: string): File =>
    Object.defineProperty(new File([path], path.split("/").at(-1)!), "webkitRelativePath", { value: path });
  const source = sourceOfFiles(["nano/model.safetensors", "nano/old/model.safetensors"].map(inFolder));
  expect(source?.kind === "files" && [...source.files.values()].map((file) => file.size)).toEqual([22]);
});

test("a model is called by its address, without what only the server needs", () => {
  const source = sourceOfAddress("https://example.org/nano.gguf?download=true")!;
  expect(labelOf(source)).toBe("example.org/nano.gguf");
});
