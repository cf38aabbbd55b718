import type { ReactElement } from "react";
import { useApp } from "./playground-context.ts";

/** That this browser does not keep what is said, and why. */
export function StorageBanner(): ReactElement | null {
  const problem = useApp((state) => state.storageProblem);
  if (problem === undefined) return null;
  return (
    <section className="banner failure" role="alert">
      <p>
        <strong>What is said here is not kept.</strong> {problem} Copy what you need before you close this
        page.
      </p>
    </section>
  );
}
