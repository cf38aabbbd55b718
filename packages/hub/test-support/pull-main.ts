import { pullModel } from "../src/pull-model.ts";

const { receivedBytes } = await pullModel(...(JSON.parse(process.env.PULL!) as Parameters<typeof pullModel>));
process.stdout.write(String(receivedBytes));
