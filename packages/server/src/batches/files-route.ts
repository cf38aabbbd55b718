import { randomId } from "../exchange.ts";
import { ApiError } from "../http/api-error.ts";
import { readBytes } from "../http/read-bytes.ts";
import type { App, ServerContext } from "../server-context.ts";
import type { StoredFile } from "./batch.ts";
import { missingFile, seconds } from "./batch-service.ts";
import { ownerOf, storeOf } from "./batch-store-of.ts";

/** `/v1/files`: upload, list, look at, download and delete. */
export function filesRoute(app: App, context: ServerContext): void {
  app.post("/v1/files", async (c) => {
    const store = storeOf(context);
    const { file, purpose } = await readUpload(c.req.raw, context);
    const content = new Uint8Array(await file.arrayBuffer());
    const stored: StoredFile = {
      ...{ id: `file-${randomId()}`, name: file.name, purpose, bytes: content.byteLength },
      ...{ created: seconds(), owner: ownerOf(c) },
    };
    await store.addFile(stored, content);
    return Response.json(fileBody(stored));
  });
  app.get("/v1/files", async (c) => {
    const files = await storeOf(context).files(ownerOf(c));
    const purpose = c.req.query("purpose");
    const data = files.filter((file) => purpose === undefined || file.purpose === purpose).map(fileBody);
    return Response.json({ object: "list", data, has_more: false });
  });
  app.get("/v1/files/:id", async (c) => Response.json(fileBody(await ownFile(context, c))));
  app.get("/v1/files/:id/content", async (c) => {
    const { id } = await ownFile(context, c);
    const content = (await storeOf(context).content(id)) as Uint8Array<ArrayBuffer>;
    return new Response(content, { headers: { "content-type": "application/octet-stream" } });
  });
  app.delete("/v1/files/:id", async (c) => {
    const { id } = await ownFile(context, c);
    const store = storeOf(context);
    const user = (await store.openBatches()).find(({ inputFile }) => inputFile === id);
    if (user !== undefined) {
      throw new ApiError("invalid", `The batch ${user.id} still reads this file. Cancel it first.`, {
        code: "file_in_use",
      });
    }
    await store.removeFile(id);
    return Response.json({ id, object: "file", deleted: true });
  });
}

async function ownFile(context: ServerContext, c: Parameters<typeof ownerOf>[0]): Promise<StoredFile> {
  const id = c.req.param("id")!;
  const file = await storeOf(context).file(id);
  // A file of somebody else is not there, rather than forbidden: nobody learns whose ids exist.
  if (file === undefined || file.owner !== ownerOf(c)) throw missingFile(id);
  return file;
}

async function readUpload(
  request: Request,
  { options }: ServerContext,
): Promise<{ readonly file: File; readonly purpose: string }> {
  const type = request.headers.get("content-type") ?? "";
  if (!type.startsWith("multipart/form-data")) {
    throw new ApiError("mediaType", "A file should be sent as multipart/form-data.", {
      code: "unsupported_media_type",
    });
  }
  const bytes = await readBytes(request, { ...options, maxBodyBytes: options.maxFileBytes });
  const form = await new Response(bytes as Uint8Array<ArrayBuffer>, { headers: { "content-type": type } })
    .formData()
    .catch((cause) => {
      throw new ApiError("invalid", "The body is not what multipart/form-data should be.", {
        code: "invalid_form",
        cause,
      });
    });
  const [file, purpose] = [form.get("file"), form.get("purpose")];
  if (!(file instanceof File)) throw wrongField("file", "a file");
  if (purpose !== "batch") throw wrongField("purpose", '"batch"');
  return { file, purpose };
}

function wrongField(param: string, expected: string): ApiError {
  return new ApiError("invalid", `${param}: expected ${expected}.`, { code: "invalid_value", param });
}

function fileBody({ id, name, purpose, bytes, created }: StoredFile): object {
  return { id, object: "file", bytes, created_at: created, filename: name, purpose, status: "processed" };
}
