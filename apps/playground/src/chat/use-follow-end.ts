import { type RefObject, useCallback, useEffect, useRef } from "react";

/** This close to its end, in pixels, a text is read as it grows. */
const NEAR = 64;

/**
 * Keeps the end of what scrolls in view while it grows, until the reader scrolls away from it.
 *
 * @returns what goes to the end, and follows it again.
 */
export function useFollowEnd(scroller: RefObject<HTMLElement | null>): () => void {
  const following = useRef(true);
  const toEnd = useCallback(() => {
    following.current = true;
    const element = scroller.current;
    if (element) element.scrollTop = element.scrollHeight;
  }, [scroller]);

  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const onScroll = (): void => {
      following.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR;
    };
    const observer = new MutationObserver(() => {
      if (following.current) element.scrollTop = element.scrollHeight;
    });
    // It also gets another height when the page does, or when something opens beside it.
    const resizing = new ResizeObserver(() => {
      if (following.current) element.scrollTop = element.scrollHeight;
    });
    resizing.observe(element);
    element.addEventListener("scroll", onScroll, { passive: true });
    observer.observe(element, { childList: true, subtree: true, characterData: true });
    return () => {
      element.removeEventListener("scroll", onScroll);
      observer.disconnect();
      resizing.disconnect();
    };
  }, [scroller]);
  return toEnd;
}
