import { useEffect, useState } from "react";

/** Bytes of this page's JavaScript heap, read every second where the browser tells it. */
export function usePageMemory(): number | undefined {
  const [bytes, setBytes] = useState(readMemory);
  useEffect(() => {
    const timer = setInterval(() => setBytes(readMemory()), 1000);
    return () => clearInterval(timer);
  }, []);
  return bytes;
}

function readMemory(): number | undefined {
  return (performance as { memory?: { usedJSHeapSize: number } }).memory?.usedJSHeapSize;
}
