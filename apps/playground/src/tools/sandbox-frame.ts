/** What a call came to: JSON (undefined for nothing), or the message of what was thrown. */
export interface SandboxAnswer {
  readonly value?: string | undefined;
  readonly error?: string | undefined;
}

/** Characters of JSON: far more than a conversation has room for, and few enough to be shown. */
const LONGEST_RESULT = 100_000;

// The worker inherits the policy of the frame that makes it, so no request leaves it either.
const policy = "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' blob:; worker-src blob:";

const workerSource = `
const AsyncFunction = (async () => {}).constructor;
self.onmessage = async ({ data: { code, args } }) => {
  try {
    const value = await new AsyncFunction("args", '"use strict";' + code)(args);
    const text = JSON.stringify(value);
    if (text?.length > ${LONGEST_RESULT}) {
      throw new Error(\`It returned \${text.length} characters of JSON; at most ${LONGEST_RESULT} are taken.\`);
    }
    self.postMessage({ value: text });
  } catch (error) {
    const isNamed = error instanceof Error && error.name !== "Error";
    self.postMessage({ error: error instanceof Error && !isNamed ? error.message : String(error) });
  }
};`;

const frameSource = `
addEventListener("message", ({ data, ports: [port] }) => {
  const source = new Blob([${JSON.stringify(workerSource)}], { type: "text/javascript" });
  const worker = new Worker(URL.createObjectURL(source));
  worker.onmessage = ({ data }) => port.postMessage(data);
  worker.onerror = ({ message }) => port.postMessage({ error: message });
  worker.postMessage(data);
}, { once: true });`;

/** The document of the frame: its policy, and the script that makes the worker. */
export const frameDocument = `<!doctype html><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}"><script>${frameSource}</script>`;
