// The same work by sharp: node sharp.cjs FOLDER_WITH_NODE_MODULES QUALITY... < JSON list of files.
// Prints a line of JSON: seconds by the clock and of the processor, after one photo to warm up.
const sharp = require(require.resolve("sharp", { paths: [process.argv[2]] }));
const photos = JSON.parse(require("fs").readFileSync(0));
const optimiseCoding = process.argv[3] === "defaults";
sharp.cache(false);
if (!optimiseCoding) sharp.concurrency(1); // two photos at a time, as ours, on two cores

async function take(path) {
  const master = await sharp(path).rotate()
    .resize(2048, 2048, { fit: "inside", withoutEnlargement: true })
    .toColourspace("srgb").raw().toBuffer({ resolveWithObject: true });
  const picture = { raw: master.info };
  return Promise.all([
    sharp(master.data, picture)
      .jpeg({ quality: 95, chromaSubsampling: "4:4:4", optimiseCoding }).toBuffer(),
    sharp(master.data, picture).resize(512, 512, { fit: "inside" })
      .jpeg({ quality: 82, optimiseCoding }).toBuffer(),
  ]);
}

async function worker(queue) {
  while (queue.length) await take(queue.pop());
}

(async () => {
  await take(photos[0]);
  const before = process.cpuUsage(), started = performance.now(), queue = [...photos];
  await Promise.all([worker(queue), worker(queue)]);
  const used = process.cpuUsage(before);
  console.log(JSON.stringify({
    wall: (performance.now() - started) / 1e3, processor: (used.user + used.system) / 1e6,
  }));
})();
