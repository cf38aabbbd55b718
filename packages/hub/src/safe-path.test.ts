import { posix, win32 } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { requireSafeName } from "./safe-path.ts";

const part = fc.constantFrom("..", ".", "", "a", "b.gguf", "C:", "c:x", "\\", "..\\x", "\0", "con fig", "~");

test("a name that is let through stays below its folder, on every system", () => {
  fc.assert(
    fc.property(fc.array(part, { minLength: 1 }), fc.constantFrom("/", "\\"), (parts, separator) => {
      const name = parts.join(separator);
      try {
        requireSafeName(name);
      } catch {
        return;
      }
      for (const path of [posix, win32]) {
        const below = path.relative("/cache", path.join("/cache", name));
        expect(path.isAbsolute(below) || below.startsWith("..") || below === "").toBe(false);
      }
    }),
  );
});

test.for(["config.json", "Q4_0/nano-Q4_0.gguf", "refs/pr/1", ".hidden", "a..b"])(
  "%s is let through",
  (name) => {
    expect(requireSafeName(name)).toBe(name);
  },
);

test.for(["", "/etc/passwd", "..", "a/../../b", "a//b", "C:/x", "\\\\host\\share", "a\0b", "a".repeat(256)])(
  "%j is refused",
  (name) => {
    expect(() => requireSafeName(name)).toThrow(/could lead out/);
  },
);
