import { buildEmulator } from "./emulator/build.ts";

/** Once before all tests, so that no two processes compile the same. */
export default async function setup(): Promise<void> {
  await buildEmulator();
}
