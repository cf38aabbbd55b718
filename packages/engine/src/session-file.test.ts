import { BackendLostError } from "@krait/tensor";
import { wrapBackend } from "@krait/testing";
import { expect, test } from "vitest";
import { collect, scriptedEngine, tokensOf } from "../testing/generate.ts";
import { continuation, hashing, promptOf } from "../testing/hashing-script.ts";
import { scriptedModel } from "../testing/scripted-model.ts";
import { createEngine } from "./engine.ts";
import type { Session } from "./session.ts";
import { checksum, decodeSession, encodeSession, type SessionFile } from "./session-file.ts";

const tokens = promptOf(1, 40);
const answer = async (session: Session): Promise<number[]> =>
  tokensOf(await collect(session.generate({ maxTokens: 6 }))).map(({ token }) => token);

async function open() {
  const { engine } = await scriptedEngine(hashing, {}, { tokenizer: undefined, endTokens: [] });
  using session = await engine.openSession(tokens);
  return { engine, bytes: await session.save() };
}

test("a file whose checksum fits is refused all the same when its parts do not fit together", async () => {
  const { engine, bytes } = await open();
  const whole = decodeSession(bytes, "scripted");
  const [first, ...others] = whole.states;
  const { free } = engine.stats.pages;
  const { held } = engine.pool.snapshots;
  const wrong: SessionFile[] = [
    { ...whole, tokens: [] },
    { ...whole, tokens: [...tokens, ...tokens] },
    { ...whole, tokens: tokens.slice(1) },
    { ...whole, states: others },
    { ...whole, states: [{ ...first!, bytes: first!.bytes.slice(4) }, ...others] },
    { ...whole, states: [{ ...first!, bytes: new Uint8Array(first!.bytes.length + 64) }, ...others] },
    { ...whole, states: [{ ...first!, shape: [2] }, ...others] },
    { ...whole, states: [{ ...first!, per: "page" }, ...others] },
    { ...whole, states: [{ ...first!, dtype: "f16" }, ...others] },
  ];
  for (const file of wrong) {
    expect(() => engine.loadSession(encodeSession(file, "scripted"))).toThrow(
      expect.objectContaining({ code: "SESSION_INVALID" }),
    );
  }
  expect(engine.stats.pages.free).toBe(free);
  expect(engine.pool.snapshots.held).toBe(held);
  using restored = engine.loadSession(encodeSession(whole, "scripted"));
  expect(await answer(restored)).toEqual(continuation(hashing, tokens, 6));
});

test("a header that is none is refused as such", async () => {
  const { engine } = await open();
  const headers = ["", "{", "null", "7", "{}", '{"tokens":1}', '{"tokens":1,"states":[null]}'];
  for (const header of [...headers, '{"tokens":1.5,"states":[]}']) {
    expect(() => engine.loadSession(withHeader(header)), header).toThrow(
      expect.objectContaining({ code: "SESSION_INVALID", message: expect.stringContaining("header") }),
    );
  }
});

/** A file with this header and nothing behind it. */
function withHeader(header: string): Uint8Array {
  const file = encodeSession({ tokens: [], states: [], metadata: undefined }, "any model");
  const end = file.length - 4;
  file.fill(0x20, 16, end);
  file.set(new TextEncoder().encode(header), 16);
  new DataView(file.buffer).setUint32(end, checksum(file.subarray(0, end)), true);
  return file;
}

test("a session outlives the backend that it was stored from and the one that it was loaded on", async () => {
  const { bytes } = await open();
  let isGone = false;
  const ask = (): void => {
    if (isGone) throw new BackendLostError("scripted", "a test took it away");
  };
  const { model, backend } = await scriptedModel(hashing, { beforeStep: ask });
  const dying = wrapBackend(backend, {
    allocate(byteLength, label) {
      const buffer = backend.allocate(byteLength, label);
      return {
        ...buffer,
        async read(offset, length) {
          ask();
          return await buffer.read(offset, length);
        },
        write(offset, values) {
          ask();
          buffer.write(offset, values);
        },
      };
    },
  });
  const engine = createEngine(model, dying, { rebuild: () => scriptedModel(hashing) });
  using kept = await engine.openSession(tokens);
  isGone = true;
  using loaded = engine.loadSession(bytes);
  expect(await kept.save()).toEqual(bytes);
  expect(engine.stats.recoveries).toBe(1);
  expect(await loaded.save()).toEqual(bytes);
  for (const session of [kept, loaded]) {
    expect(await answer(session)).toEqual(continuation(hashing, tokens, 6));
  }
});
