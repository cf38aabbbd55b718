import type { ReactElement } from "react";
import type { TokenRecord } from "../conversation/turn.ts";
import { percentText } from "../shell/quantities.ts";
import { visibleText } from "./token-text.ts";

/** The most likely tokens in the place of one, with their probabilities before sampling changed them. */
export function TokenCandidates({ token }: { readonly token: TokenRecord }): ReactElement {
  if (token.logprob === undefined) {
    return (
      <p className="token-candidates note">“{visibleText(token.text)}” was put there to end the reasoning.</p>
    );
  }
  const isAmong = token.candidates.some(({ text }) => text === token.text);
  const rows = isAmong
    ? token.candidates
    : [...token.candidates, { text: token.text, logprob: token.logprob }];
  return (
    <table className="token-candidates">
      <caption className="visually-hidden">Most likely tokens instead of “{visibleText(token.text)}”</caption>
      <tbody>
        {rows.map(({ text, logprob }, index) => (
          <tr key={index} data-chosen={text === token.text}>
            <th scope="row">
              <code>{visibleText(text)}</code>
            </th>
            <td className="bar">
              <span style={{ inlineSize: `${Math.exp(logprob) * 100}%` }} />
            </td>
            <td className="figure">{percentText(Math.exp(logprob))}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
