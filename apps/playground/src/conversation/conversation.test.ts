import { describe, expect, test } from "vitest";
import {
  addTurn,
  branchAfter,
  branchCount,
  type Conversation,
  newConversation,
  pathTo,
  removeTurn,
  replaceTurn,
  shownPath,
  showTurn,
  siblingsOf,
  titleOf,
} from "./conversation.ts";

/** `a>b` is a turn b that follows a; `>a` one that begins the conversation. */
function conversationOf(...edges: readonly string[]): Conversation {
  return edges.reduce(
    (conversation, edge, index) => {
      const [parent, id] = edge.split(">") as [string, string];
      const turn = {
        id,
        parent: parent || null,
        role: "user",
        text: `text of ${id}`,
        createdAt: index,
      } as const;
      return addTurn(conversation, turn);
    },
    newConversation("c", 0),
  );
}

const shown = (conversation: Conversation) => shownPath(conversation).map(({ id }) => id);

describe("a conversation", () => {
  test("that never branched is shown from its first turn to its last", () => {
    expect(shown(conversationOf(">a", "a>b", "b>c"))).toEqual(["a", "b", "c"]);
    expect(shown(newConversation("c", 0))).toEqual([]);
  });

  test("shows the branch of the turn that was added last", () => {
    expect(shown(conversationOf(">a", "a>b", "b>c", "a>d"))).toEqual(["a", "d"]);
  });

  test("shows another branch down to where it was left", () => {
    const conversation = conversationOf(">a", "a>b", "b>c", "b>d", "a>e");
    expect(shown(showTurn(conversation, "b"))).toEqual(["a", "b", "d"]);
    expect(shown(showTurn(conversation, "c"))).toEqual(["a", "b", "c"]);
    expect(shown(showTurn(showTurn(conversation, "c"), "e"))).toEqual(["a", "e"]);
  });

  test("may begin in several ways", () => {
    const conversation = conversationOf(">a", "a>b", ">c");
    expect(shown(conversation)).toEqual(["c"]);
    expect(shown(showTurn(conversation, "a"))).toEqual(["a", "b"]);
    expect(siblingsOf(conversation, "c").map(({ id }) => id)).toEqual(["a", "c"]);
  });

  test("ends where a branch is about to begin, until something is written there", () => {
    const conversation = branchAfter(conversationOf(">a", "a>b", "b>c"), "a");
    expect(shown(conversation)).toEqual(["a"]);
    const turn = { id: "d", parent: "a", role: "user", text: "", createdAt: 9 } as const;
    expect(shown(addTurn(conversation, turn))).toEqual(["a", "d"]);
    expect(shown(showTurn(conversation, "b"))).toEqual(["a", "b", "c"]);
  });

  test("tells the turns before one, whatever is shown", () => {
    const conversation = conversationOf(">a", "a>b", "b>c", "a>d");
    expect(pathTo(conversation, "c").map(({ id }) => id)).toEqual(["a", "b", "c"]);
    expect(pathTo(conversation, null)).toEqual([]);
  });

  test("loses all that followed a turn that is removed, and shows the sibling that is left", () => {
    const conversation = removeTurn(conversationOf(">a", "a>b", "b>c", "a>d", "d>e"), "d");
    expect(Object.keys(conversation.turns)).toEqual(["a", "b", "c"]);
    expect(shown(conversation)).toEqual(["a", "b", "c"]);
    expect(shown(removeTurn(conversation, "a"))).toEqual([]);
  });

  test("has as many branches as turns that nothing follows", () => {
    expect(branchCount(conversationOf(">a", "a>b", "b>c", "a>d", ">e"))).toBe(3);
  });

  test("takes a changed turn in the place of the old one, and none that it never had", () => {
    const conversation = conversationOf(">a", "a>b");
    const changed = { ...conversation.turns.a!, text: "other" } as Conversation["turns"][string];
    expect(replaceTurn(conversation, changed).turns.a).toBe(changed);
    expect(replaceTurn(conversation, { ...changed, id: "z" })).toBe(conversation);
  });

  test("is called by what was said first, cut where it is long", () => {
    expect(titleOf(conversationOf(">a"))).toBe("text of a");
    expect(titleOf(newConversation("c", 0))).toBe("New conversation");
    const text = `${"word ".repeat(30)}`;
    const long = addTurn(newConversation("c", 0), {
      id: "a",
      parent: null,
      role: "user",
      text,
      createdAt: 0,
    });
    expect(titleOf(long)).toHaveLength(60);
    expect(titleOf(long)).toMatch(/ …$|\w…$/);
  });
});
