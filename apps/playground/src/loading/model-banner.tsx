import type { ReactElement } from "react";
import type { LoadProgress } from "../model/model-host.ts";
import { labelOf } from "../model/model-source.ts";
import { Icon } from "../shell/icon.tsx";
import { useApp, usePlayground } from "../shell/playground-context.ts";
import { bytesText, secondsText } from "../shell/quantities.ts";

/** How far the model is, and what stopped it; nothing once it is ready. */
export function ModelBanner(): ReactElement | null {
  const playground = usePlayground();
  const model = useApp((state) => state.model);
  if (model.status === "none" || model.status === "ready") return null;
  if (model.status === "failed") {
    return (
      <section className="banner failure" role="alert">
        <p>
          <strong>{labelOf(model.source)} could not be loaded.</strong> {model.message}
        </p>
        <button type="button" className="chip" onClick={() => playground.resumeLoading()}>
          Try again
        </button>
      </section>
    );
  }
  if (model.status === "recovering") {
    return (
      <section className="banner" role="status">
        <p>
          <strong>The device was lost.</strong> {model.message} The model is loaded again.
        </p>
      </section>
    );
  }
  const isPaused = model.status === "paused";
  return (
    <section className="banner" aria-label="Loading">
      <div className="banner-text">
        <p>
          <strong>{labelOf(model.source)}</strong> {isPaused ? "paused" : ""}
        </p>
        <p className="figure">{progressText(model.progress, isPaused)}</p>
      </div>
      <Bar progress={model.progress} />
      <button
        type="button"
        className="chip"
        onClick={() => (isPaused ? playground.resumeLoading() : playground.pauseLoading())}
      >
        <Icon name={isPaused ? "play" : "pause"} />
        {isPaused ? "Resume" : "Pause"}
      </button>
    </section>
  );
}

function Bar({ progress }: { readonly progress: LoadProgress | undefined }): ReactElement {
  const isKnown = progress !== undefined && progress.totalBytes > 0;
  return (
    <progress
      aria-label="Progress"
      max={1}
      value={isKnown ? progress.loadedBytes / progress.totalBytes : undefined}
    />
  );
}

function progressText(progress: LoadProgress | undefined, isPaused: boolean): string {
  if (progress === undefined) return "Starting…";
  const { phase, loadedBytes, totalBytes, bytesPerSecond } = progress;
  const amount =
    totalBytes > 0 ? `${bytesText(loadedBytes)} of ${bytesText(totalBytes)}` : bytesText(loadedBytes);
  const verb = phase === "downloading" ? "Downloading" : "Loading";
  if (!bytesPerSecond || isPaused) return `${verb}: ${amount}`;
  const left = totalBytes > 0 ? `, ${secondsText((totalBytes - loadedBytes) / bytesPerSecond)} left` : "";
  return `${verb}: ${amount}, ${bytesText(bytesPerSecond)}/s${left}`;
}
