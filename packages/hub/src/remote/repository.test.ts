import { expect, test } from "vitest";
import type { HubClient } from "./hub-client.ts";
import { listRepository, resolveCommit } from "./repository.ts";

const commit = "a".repeat(40);
const asked = { endpoint: "https://hub.test", model: "org/name", revision: "dev/1", withToken: false };
const first = `https://hub.test/api/models/org/name/tree/${commit}?recursive=true`;
const second = `${first}&cursor=2`;

/** A hub that gives these answers by URL, each with the URL of the next page. */
function answering(answers: Readonly<Record<string, readonly [body: unknown, next?: string]>>): HubClient {
  const fetch = async (url: unknown): Promise<Response> => {
    const [body, next] = answers[String(url)]!;
    return Response.json(body, next === undefined ? {} : { headers: { link: `<${next}>; rel="next"` } });
  };
  return { asked, fetch } as unknown as HubClient;
}

test("a branch with a slash in its name stands for a commit", async () => {
  const url = "https://hub.test/api/models/org/name/revision/dev%2F1?expand=sha";
  expect(await resolveCommit(answering({ [url]: [{ sha: commit }] }))).toBe(commit);
  await expect(resolveCommit(answering({ [url]: [null] }))).rejects.toMatchObject({
    code: "HUB_RESPONSE_INVALID",
  });
});

test("a listing in several pages is read to its end, without the folders", async () => {
  const file = (path: string) => ({ type: "file", path, size: 1, oid: commit });
  const folder = { type: "directory", path: "b", size: 0, oid: commit };
  const hub = answering({ [first]: [[file("a"), folder], second], [second]: [[file("b/c")]] });
  expect([...(await listRepository(hub, commit)).keys()]).toEqual(["a", "b/c"]);
});

test.each([
  ["comes back to a page", { [first]: [[], second], [second]: [[], first] } as const],
  ["is no list", { [first]: [{ error: "busy" }] } as const],
  ["has an entry of nothing", { [first]: [[null]] } as const],
])("a listing that %s is refused", async (_, answers) => {
  await expect(listRepository(answering(answers), commit)).rejects.toMatchObject({
    code: "HUB_RESPONSE_INVALID",
    message: expect.stringContaining("org/name"),
  });
});
