// Files that cannot be read any more: another program changed or moved them after they were chosen, a
// memory card is gone, or a cloud's folder never had them here. Browsers tell that like a connection
// that broke, and trying again never helps.

/** @returns {Promise<boolean>} whether the file is still what was chosen */
export async function isReadable(file) {
  try {
    await file.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

export function unreadable() {
  return gettext("This file cannot be read: it was changed or moved, or its disk is gone. Choose it again.");
}
