/** A whole number with its thousands set apart: `8,888,227,328`. */
export function grouped(count: number): string {
  return count.toLocaleString("en-US");
}

/** `1 token`, `2,048 tokens` */
export function counted(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** Bytes in the decimal units that disks and memories are sold in: `145.5 MB`. */
export function decimalBytes(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(2)} GB`;
  if (bytes >= 1e6) return `${(bytes / 1e6).toFixed(1)} MB`;
  return bytes >= 1e3 ? `${(bytes / 1e3).toFixed(1)} kB` : `${bytes} bytes`;
}

/** Bytes that are a power of two as such: `16 KiB`. */
export function binaryBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`;
  const [amount, unit] = bytes < 1024 ** 2 ? [bytes / 1024, "KiB"] : [bytes / 1024 ** 2, "MiB"];
  return `${Number(amount.toFixed(2))} ${unit}`;
}
