/**
 * A part of a prompt. Only `special` may become a special token; whatever stands in `text` is encoded as
 * plain text, so that text from users and tools cannot forge a turn.
 */
export type PromptPiece = { readonly special: string } | { readonly text: string };
