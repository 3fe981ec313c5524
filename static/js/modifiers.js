// Keys that are held make something else of a click or a key, which is the browser's: another tab or
// window, a download, a page back, selected text.

export function hasModifier({ altKey, ctrlKey, metaKey, shiftKey }) {
  return altKey || ctrlKey || metaKey || shiftKey;
}

/** Whether a click on a link follows it here. */
export function isPlain(click) {
  return !click.button && !hasModifier(click);
}
