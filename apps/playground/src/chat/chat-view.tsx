import { type ReactElement, useEffect, useRef } from "react";
import { shownPath, titleOf } from "../conversation/conversation.ts";
import { useApp } from "../shell/playground-context.ts";
import { AnswerTurn } from "./answer-turn.tsx";
import { ChatStart } from "./chat-start.tsx";
import { SaidTurn } from "./said-turn.tsx";
import { useFollowEnd } from "./use-follow-end.ts";

/** The conversation, as far as it is shown. */
export function ChatView(): ReactElement {
  const conversation = useApp((state) => state.conversations[state.current]!);
  const generating = useApp((state) => state.generating?.turn);
  const scroller = useRef<HTMLDivElement>(null);
  const path = shownPath(conversation);
  const follow = useFollowEnd(scroller);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another conversation is shown from its end
  useEffect(() => follow(), [conversation.id, follow]);
  return (
    <div className="chat-scroll" ref={scroller} tabIndex={0} role="region" aria-label="Conversation">
      <h1 className="visually-hidden">{titleOf(conversation)}</h1>
      {path.length === 0 ? (
        <ChatStart />
      ) : (
        <ol className="turns">
          {path.map((turn) => (
            <li key={turn.id}>
              {turn.role === "user" ? (
                <SaidTurn turn={turn} />
              ) : (
                <AnswerTurn turn={turn} live={turn.id === generating} />
              )}
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}
