import { marked } from "marked";
import { memo, type ReactElement, useMemo } from "react";
import { Blocks, type MarkdownToken } from "./markdown-tokens.tsx";

/**
 * Markdown while it is being written. It is cut into blocks, and a block whose text is what it was is not
 * drawn again: only the last one changes as text streams in.
 */
export const Markdown = memo(function Markdown({ text }: { readonly text: string }): ReactElement {
  const blocks = useMemo(() => blocksOf(text), [text]);
  return (
    <div className="markdown">
      {blocks.map((block, index) => (
        <Block key={index} text={block} />
      ))}
    </div>
  );
});

const Block = memo(function Block({ text }: { readonly text: string }): ReactElement {
  return <Blocks tokens={marked.lexer(text) as MarkdownToken[]} />;
});

/** The texts of the blocks at the top: paragraphs, lists, fences. Definitions of links stay with their text. */
function blocksOf(text: string): readonly string[] {
  if (/^ {0,3}\[[^\]]+\]:/m.test(text)) return [text];
  return marked.lexer(text).map(({ raw }) => raw);
}
