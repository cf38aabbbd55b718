/** A route, whose path may have parts such as `:id` and `:id{.+}`. */
interface Route {
  readonly method: string;
  readonly path: string;
}

/** The methods that are answered at a path; none where there is no route. */
export function allowedMethods(routes: readonly Route[], path: string): readonly string[] {
  const methods = routes
    .filter((route) => route.method !== "ALL" && patternOf(route.path).test(path))
    .map(({ method }) => method);
  return [...new Set(methods.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : method)))].sort();
}

function patternOf(path: string): RegExp {
  const parts = path.split("/").map((part) => {
    if (!part.startsWith(":")) return part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    return /\{(.*)\}$/.exec(part)?.[1] ?? "[^/]+";
  });
  return new RegExp(`^${parts.join("/")}$`);
}
