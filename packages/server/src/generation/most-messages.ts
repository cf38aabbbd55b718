/**
 * Of a conversation. Templates render some ten thousand messages a second, and while they do nobody's answer goes on;
 * what a model reads holds fewer.
 */
export const MOST_MESSAGES = 10_000;
