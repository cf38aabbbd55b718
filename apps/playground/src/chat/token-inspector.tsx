import { type KeyboardEvent, type ReactElement, useRef, useState } from "react";
import type { TokenRecord } from "../conversation/turn.ts";
import { percentText } from "../shell/quantities.ts";
import { TokenCandidates } from "./token-candidates.tsx";
import { probabilityBand, visibleText } from "./token-text.ts";

/**
 * An answer token by token, each shaded by how likely it was. The candidates of the token under the pointer,
 * or of the focused one, stand below; the arrow keys walk through the tokens.
 */
export function TokenInspector({ tokens }: { readonly tokens: readonly TokenRecord[] }): ReactElement {
  const [focused, setFocused] = useState(0);
  const [hovered, setHovered] = useState<number>();
  const list = useRef<HTMLDivElement>(null);
  const shown = tokens[hovered ?? focused];
  const onKeyDown = (event: KeyboardEvent): void => {
    const steps: Readonly<Record<string, number>> = {
      ArrowRight: 1,
      ArrowLeft: -1,
      Home: -focused,
      End: tokens.length,
    };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = Math.min(Math.max(focused + step, 0), tokens.length - 1);
    setFocused(next);
    setHovered(undefined);
    (list.current?.children[next] as HTMLElement | undefined)?.focus();
  };
  return (
    <div className="token-inspector">
      <div
        className="tokens"
        role="listbox"
        aria-label="Tokens of the answer"
        tabIndex={-1}
        ref={list}
        onKeyDown={onKeyDown}
        onPointerLeave={() => setHovered(undefined)}
      >
        {tokens.map((token, index) => (
          <span
            key={index}
            role="option"
            aria-selected={index === focused}
            aria-label={`${visibleText(token.text)}, ${chanceText(token)}`}
            className="token"
            data-band={probabilityBand(token)}
            data-reasoning={token.reasoning}
            tabIndex={index === focused ? 0 : -1}
            onFocus={() => setFocused(index)}
            onPointerEnter={() => setHovered(index)}
          >
            {token.text.includes("\n") ? `${visibleText(token.text)}\n` : token.text}
          </span>
        ))}
      </div>
      {shown && <TokenCandidates token={shown} />}
    </div>
  );
}

function chanceText({ logprob }: TokenRecord): string {
  return logprob === undefined ? "put there by the engine" : percentText(Math.exp(logprob));
}
