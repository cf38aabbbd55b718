import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { loadHighlight } from "./highlight.ts";
import { Markdown } from "./markdown.tsx";

const html = (text: string) => renderToStaticMarkup(createElement(Markdown, { text }));

test("paragraphs, lists, emphasis and code become elements", () => {
  expect(html("Hello *you* and `me`.\n\n1. one\n2. **two**")).toBe(
    '<div class="markdown"><p>Hello <em>you</em> and <code>me</code>.</p><ol start="1"><li>one</li><li><strong>two</strong></li></ol></div>',
  );
});

test("a fence that is not closed yet is code already", () => {
  const markup = html("Look:\n\n```js\nconst a = 1;");
  expect(markup).toContain("<figcaption><span>js</span>");
  expect(markup).toContain("const a = 1;");
});

test("HTML of a model shows as it is written, and runs nothing", () => {
  expect(html("<img src=x onerror=alert(1)>")).not.toContain("<img");
  expect(html("a <b>bold</b> word")).toContain("a &lt;b&gt;bold&lt;/b&gt; word");
});

test("links lead to web addresses only, and images are not fetched", () => {
  expect(html("[a](https://example.org/)")).toContain('href="https://example.org/"');
  expect(html("[a](javascript:alert(1))")).toBe('<div class="markdown"><p>a</p></div>');
  const picture = html("![a picture](https://example.org/a.png)");
  expect(picture).not.toContain("<img");
  expect(picture).toContain(">a picture</a>");
});

test("a table has its head and its alignment", () => {
  const markup = html("| a | b |\n|---|--:|\n| 1 | 2 |");
  expect(markup).toContain('<th style="text-align:right">b</th>');
  expect(markup).toContain("<td>1</td>");
});

test("code is coloured in a language that is known, and left alone in others", async () => {
  const highlight = await loadHighlight();
  expect(highlight("const a = 1;", "js").children.length).toBeGreaterThan(1);
  expect(highlight("const a = 1;", "klingon").children).toEqual([{ type: "text", value: "const a = 1;" }]);
});
