import type { MarkedToken, Tokens } from "marked";
import type { ReactElement, ReactNode } from "react";
import { CodeBlock } from "./code-block.tsx";

export type MarkdownToken = MarkedToken;

/**
 * Markdown as elements, from tokens and never from HTML: a model's text is nobody's to trust. HTML shows as
 * it is written, an image as a link, since fetching it would tell its server about the conversation.
 */
export function Blocks({ tokens }: { readonly tokens: readonly MarkdownToken[] }): ReactElement {
  return (
    <>
      {tokens.map((token, index) => (
        <Block key={index} token={token} />
      ))}
    </>
  );
}

function Block({ token }: { readonly token: MarkdownToken }): ReactNode {
  switch (token.type) {
    case "heading": {
      // A heading of an answer stands below those of the page.
      const Heading = `h${Math.min(token.depth + 2, 6)}` as "h3";
      return <Heading>{inline(token.tokens)}</Heading>;
    }
    case "paragraph":
      return <p>{inline(token.tokens)}</p>;
    case "code":
      return <CodeBlock code={token.text} language={token.lang?.split(/\s/)[0]} />;
    case "blockquote":
      return (
        <blockquote>
          <Blocks tokens={token.tokens as MarkdownToken[]} />
        </blockquote>
      );
    case "list":
      return list(token as Tokens.List);
    case "table":
      return table(token as Tokens.Table);
    case "hr":
      return <hr />;
    case "space":
    case "def":
      return null;
    case "html":
      return <p>{token.raw}</p>;
    case "text":
      return "tokens" in token && token.tokens ? inline(token.tokens) : token.text;
    default:
      return inlineToken(token, 0);
  }
}

function list({ ordered, start, items }: Tokens.List): ReactElement {
  const entries = items.map((item, index) => (
    <li key={index}>
      <Blocks tokens={item.tokens as MarkdownToken[]} />
    </li>
  ));
  return ordered ? <ol start={start === "" ? 1 : start}>{entries}</ol> : <ul>{entries}</ul>;
}

function table({ header, rows }: Tokens.Table): ReactElement {
  return (
    <div className="table-scroll" tabIndex={0} role="group" aria-label="Table">
      <table>
        <thead>
          <tr>{header.map((cell, column) => cellOf(cell, column))}</tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={index}>{row.map((cell, column) => cellOf(cell, column))}</tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function cellOf({ header, align, tokens }: Tokens.TableCell, key: number): ReactElement {
  const Cell = header ? "th" : "td";
  return (
    <Cell key={key} style={align ? { textAlign: align } : undefined}>
      {inline(tokens)}
    </Cell>
  );
}

function inline(tokens: readonly Tokens.Generic[] | undefined): ReactNode {
  return (tokens as readonly MarkdownToken[] | undefined)?.map(inlineToken);
}

function inlineToken(token: MarkdownToken, key: number): ReactNode {
  switch (token.type) {
    case "strong":
      return <strong key={key}>{inline(token.tokens)}</strong>;
    case "em":
      return <em key={key}>{inline(token.tokens)}</em>;
    case "del":
      return <del key={key}>{inline(token.tokens)}</del>;
    case "codespan":
      return <code key={key}>{token.text}</code>;
    case "br":
      return <br key={key} />;
    case "link":
      return link(token.href, inline(token.tokens), key);
    case "image":
      return link(token.href, token.text || token.href, key);
    case "escape":
      return token.text;
    case "text":
      return "tokens" in token && token.tokens ? inline(token.tokens) : token.text;
    default:
      return token.raw;
  }
}

/** Only to where a link may lead: no scripts, no files. */
function link(href: string, content: ReactNode, key: number): ReactNode {
  if (!/^(https?:|mailto:)/i.test(href)) return content;
  return (
    <a key={key} href={href} target="_blank" rel="noopener noreferrer">
      {content}
    </a>
  );
}
