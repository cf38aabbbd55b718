import type { ReactElement } from "react";
import { useApp } from "../shell/playground-context.ts";
import { lacksOf } from "./capabilities.ts";

/** What this browser lacks, and what follows from that; nothing where it lacks nothing. */
export function CapabilityNote(): ReactElement | null {
  const capabilities = useApp((state) => state.capabilities);
  const lacks = capabilities === undefined ? [] : lacksOf(capabilities);
  if (lacks.length === 0) return null;
  return (
    <section className="capability-note" aria-label="What this browser lacks">
      <h2>This browser lacks</h2>
      <dl>
        {lacks.map(({ name, consequence }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{consequence}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
