// The page is evaluated in two tasks, since one for all of it keeps a person waiting: a static import would make
// them one.
const { createRoot } = await import("react-dom/client");
const { start } = await import("./start.tsx");
await start(createRoot);

export {};
