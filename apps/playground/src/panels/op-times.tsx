import type { ReactElement } from "react";
import { digits, percentText } from "../shell/quantities.ts";
import { useStepTimes } from "../statistics/use-step-times.ts";

/** What each kind of op takes of a step, while an answer is written. */
export function OpTimes(): ReactElement {
  const times = useStepTimes();
  return (
    <section>
      <h3>Time per op</h3>
      {times === "waiting" && <small>Shown while an answer is written and this panel is open.</small>}
      {times === "unknown" && <small>What computes here does not tell how long each op takes.</small>}
      {typeof times === "object" && <OpTable {...times} />}
    </section>
  );
}

function OpTable({ rows, ops }: Exclude<ReturnType<typeof useStepTimes>, string>): ReactElement {
  const total = ops.reduce((sum, { seconds }) => sum + seconds, 0);
  return (
    <>
      <table className="op-times figure">
        <thead>
          <tr>
            <th scope="col">Op</th>
            <th scope="col">Count</th>
            <th scope="col">ms</th>
            <th scope="col">Share</th>
          </tr>
        </thead>
        <tbody>
          {ops.map(({ name, count, seconds }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{count}</td>
              <td>{seconds < 5e-6 ? "< 0.01" : digits(seconds * 1000)}</td>
              <td>{total > 0 ? percentText(seconds / total) : "–"}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <small>
        {rows === 1 ? "A step of one token" : `A step of ${rows} tokens`}: {digits(total * 1000)} ms in all,
        each op waited for, which takes longer than running them together.
      </small>
    </>
  );
}
