export { type ConnectOptions, connectModel } from "./connect-model.ts";
export type { NodePort, SharedWorkerLike, WebPort, WorkerLike } from "./port.ts";
export type { ModelInfo, ModelStats } from "./protocol.ts";
export type { RemoteModel } from "./remote-model.ts";
export type { RemoteSession } from "./remote-session.ts";
export type { StepTimes } from "./step-times.ts";
export { WorkerError, type WorkerErrorCode } from "./worker-error.ts";
