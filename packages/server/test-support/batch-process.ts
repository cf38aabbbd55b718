import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import OpenAI, { toFile } from "openai";

const program = fileURLToPath(new URL("batch-server.ts", import.meta.url));

/** A server with batches in a process of its own. */
export interface BatchProcess {
  readonly client: OpenAI;
  /** As when the power goes: it gets no chance to put anything in order. */
  kill(): Promise<void>;
}

/** @param answers - lines that it answers before it holds all others; all of them unless given. */
export async function startBatchProcess(options: object, answers?: number): Promise<BatchProcess> {
  const node = ["--conditions=@krait/source", program, JSON.stringify(options), String(answers ?? "")];
  const child: ChildProcess = spawn(process.execPath, node, { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(child.stdout!, "data");
  const baseURL = `${String(line).trim()}/v1`;
  return {
    client: new OpenAI({ baseURL, apiKey: "none", maxRetries: 0 }),
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Uploads a batch of so many questions, and starts it. */
export async function submitBatch(client: OpenAI, questions: number): Promise<string> {
  const lines = Array.from({ length: questions }, (_, i) =>
    JSON.stringify({
      ...{ custom_id: `question-${i}`, method: "POST", url: "/v1/chat/completions" },
      body: { model: "echo", messages: [{ role: "user", content: `number ${i}` }] },
    }),
  );
  const file = await client.files.create({
    file: await toFile(Buffer.from(lines.join("\n")), "questions.jsonl"),
    purpose: "batch",
  });
  const batch = await client.batches.create({
    ...{ input_file_id: file.id, endpoint: "/v1/chat/completions", completion_window: "24h" },
  });
  return batch.id;
}

/** Looks at a batch until it is as it should be. */
export async function untilBatch(
  client: OpenAI,
  id: string,
  isSo: (batch: OpenAI.Batch) => boolean,
): Promise<OpenAI.Batch> {
  for (let looks = 0; looks < 3600; looks++) {
    const batch = await client.batches.retrieve(id);
    if (isSo(batch)) return batch;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`The batch ${id} took more than three minutes.`);
}

/** What a batch's output says, by the id of its line; throws where one is there twice. */
export async function answersOf(
  client: OpenAI,
  { output_file_id }: OpenAI.Batch,
): Promise<Map<string, string>> {
  const text = await (await client.files.content(output_file_id!)).text();
  const answers = new Map<string, string>();
  for (const row of text.trim().split("\n")) {
    const { custom_id, response } = JSON.parse(row);
    if (answers.has(custom_id)) throw new Error(`${custom_id} is there twice.`);
    answers.set(custom_id, response.body.choices[0].message.content);
  }
  return answers;
}
