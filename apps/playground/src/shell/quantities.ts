const units = ["bytes", "KB", "MB", "GB", "TB"] as const;

/** `6.1 MB`, with two or three digits that count. */
export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  for (; value >= 999.5 && unit < units.length - 1; unit++) value /= 1000;
  return `${digits(value)} ${units[unit]}`;
}

/** `2,145`, `31.4` or `0.82`. */
export function digits(value: number): string {
  const fractionDigits = value >= 100 || Number.isInteger(value) ? 0 : value >= 10 ? 1 : 2;
  return value.toLocaleString("en", { maximumFractionDigits: fractionDigits });
}

/** `< 0.1 s`, `0.8 s`, `12 s` or `3 min 05 s`. */
export function secondsText(seconds: number): string {
  if (seconds < 0.05) return "< 0.1 s";
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
}

/** `1 token`, `1,024 tokens`. */
export function counted(count: number, singular: string, plural: string = `${singular}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? singular : plural}`;
}

/** `97 %`, `0.4 %` or `< 0.1 %`. */
export function percentText(fraction: number): string {
  const percent = fraction * 100;
  if (percent < 0.1) return "< 0.1 %";
  return `${percent >= 9.95 ? percent.toFixed(0) : percent.toFixed(1)} %`;
}
