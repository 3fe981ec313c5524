// Makes small pictures of large files, beside the page (previews.js).

addEventListener("message", async ({ data: { file, side } }) => {
  try {
    const bitmap = await createImageBitmap(file, { resizeWidth: side, resizeQuality: "medium" });
    postMessage(bitmap, [bitmap]);
  } catch {
    postMessage(null); // not for this browser to read
  }
});
