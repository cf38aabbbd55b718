export function buildAddon(options: {
  readonly output: string;
  readonly headers: string;
  readonly emulation?: string;
}): Promise<void>;
