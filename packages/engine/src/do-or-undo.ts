/** Does one thing more; should that fail, undoes what came before. */
export function doOrUndo<T>(action: () => T, undo: () => void): T {
  try {
    return action();
  } catch (error) {
    undo();
    throw error;
  }
}
