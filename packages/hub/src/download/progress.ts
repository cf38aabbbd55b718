/** How far a download is. */
export interface DownloadProgress {
  /** Such as `nvidia/NVIDIA-Nemotron-Nano-9B-v2`. */
  readonly model: string;
  /** What was last heard of. */
  readonly file: string;
  /** Of all files of the model, those among them that were there before. */
  readonly loadedBytes: number;
  readonly totalBytes: number;
  /** What the network brought, as a mean of the last seconds. */
  readonly bytesPerSecond: number;
  /** Waiting means that another process downloads the file. */
  readonly state: "downloading" | "waiting";
}

/** Counts bytes and tells about them, a few times a second; the last ones too. */
export interface ProgressMeter {
  /** More files to come. */
  expect(bytes: number): void;
  /** Bytes that were on disk; negative when they have to be fetched anew. */
  found(file: string, bytes: number): void;
  /** Bytes from the network. */
  received(file: string, bytes: number): void;
  /** Bytes that another process brought. */
  waiting(file: string, bytes: number): void;
  /** Tells the last figures. */
  end(): void;
  readonly receivedBytes: number;
}

const LEAST_MILLISECONDS = 100;
const SPEED_WINDOW = 5000;

export function createProgressMeter(
  model: string,
  onProgress: ((progress: DownloadProgress) => void) | undefined,
  now: () => number = () => performance.now(),
): ProgressMeter {
  let loadedBytes = 0;
  let totalBytes = 0;
  let receivedBytes = 0;
  let file = "";
  let toldAt = Number.NEGATIVE_INFINITY;
  /** Tells what came too soon after the last time, should nothing else come. */
  let later: ReturnType<typeof setTimeout> | undefined;
  let samples: { at: number; bytes: number }[] = [];

  function bytesPerSecond(at: number): number {
    samples = samples.filter((sample) => at - sample.at < SPEED_WINDOW);
    samples.push({ at, bytes: receivedBytes });
    const first = samples[0]!;
    return at === first.at ? 0 : ((receivedBytes - first.bytes) / (at - first.at)) * 1000;
  }

  function tell(state: DownloadProgress["state"], always = false): void {
    if (onProgress === undefined) return;
    const at = now();
    if (!always && at - toldAt < LEAST_MILLISECONDS) {
      later ??= setTimeout(tellLater, LEAST_MILLISECONDS, state);
      return;
    }
    clearTimeout(later);
    later = undefined;
    toldAt = at;
    onProgress({
      model,
      file,
      loadedBytes: Math.min(loadedBytes, totalBytes),
      totalBytes,
      bytesPerSecond: bytesPerSecond(at),
      state,
    });
  }

  function tellLater(state: DownloadProgress["state"]): void {
    try {
      tell(state, true);
    } catch {
      // A listener that throws ends the download, which calls it next; here there is nobody to throw to.
    }
  }

  return {
    expect(bytes) {
      totalBytes += bytes;
    },
    found(name, bytes) {
      file = name;
      loadedBytes += bytes;
      tell("downloading");
    },
    received(name, bytes) {
      file = name;
      loadedBytes += bytes;
      receivedBytes += bytes;
      tell("downloading");
    },
    waiting(name, bytes) {
      file = name;
      loadedBytes += bytes;
      tell("waiting");
    },
    end: () => tell("downloading", true),
    get receivedBytes() {
      return receivedBytes;
    },
  };
}
