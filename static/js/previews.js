// Small pictures of chosen files. A phone's photo is 12 megapixels, and fifty of them as they are
// would fill its memory: so they are made small one after the other, in a worker.

const SIDE = 320;
const { previewWorker } = document.getElementById("drop-zone").dataset;
let worker = null;
let last = Promise.resolve();

/** Draw a file into a canvas once its turn comes; where it cannot be read the canvas stays hidden. */
export function preview(file, canvas) {
  last = last.then(() => draw(file, canvas)).catch(() => undefined);
}

async function draw(file, canvas) {
  if (!canvas.isConnected) return; // stored or removed by now
  const bitmap = await small(file);
  if (!bitmap) return;
  Object.assign(canvas, { width: bitmap.width, height: bitmap.height });
  canvas.getContext("bitmaprenderer").transferFromImageBitmap(bitmap);
  canvas.hidden = false;
}

/** @returns {Promise<ImageBitmap | null>} */
function small(file) {
  worker ??= new Worker(previewWorker);
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = reject;
    worker.postMessage({ file, side: SIDE });
  });
}
