import type { ChatSession } from "krait";
import type { SessionInfo } from "./protocol.ts";
import { WorkerError } from "./worker-error.ts";

/** The sessions that one connection has open in the worker, by their numbers. */
export class HeldSessions {
  readonly #sessions = new Map<number, ChatSession>();
  #count = 0;

  /** Holds a session that was opened for a request, unless nobody waits for it any more. */
  hold(session: ChatSession, signal: AbortSignal): SessionInfo {
    if (signal.aborted) {
      session.close();
      throw signal.reason;
    }
    const id = ++this.#count;
    this.#sessions.set(id, session);
    const { messages, tools } = session;
    return { id, messages, tools };
  }

  /** @throws {WorkerError} `SESSION_CLOSED` */
  at(id: number): ChatSession {
    const session = this.#sessions.get(id);
    if (session !== undefined) return session;
    throw new WorkerError(
      "SESSION_CLOSED",
      "This session has been closed. Open it again, or fork it before.",
    );
  }

  close(id: number): void {
    this.#sessions.get(id)?.close();
    this.#sessions.delete(id);
  }

  closeAll(): void {
    for (const id of [...this.#sessions.keys()]) this.close(id);
  }
}
