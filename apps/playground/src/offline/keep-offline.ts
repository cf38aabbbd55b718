/** Has the page open without a network from the next visit on. Only a page that was built has what that needs. */
export async function keepOffline(): Promise<void> {
  if (!import.meta.env.PROD || !("serviceWorker" in navigator)) return;
  try {
    await navigator.serviceWorker.register("./service-worker.js");
  } catch (error) {
    console.warn("The page will not open offline:", error);
  }
}
