// What a crop may be: whole pixels of the photo, no smaller and no narrower than the server takes.
// A box is { left, top, width, height }; `photo` has a width and height, and the limits.

const between = (value, least, most) => Math.min(Math.max(value, least), most);

/** @returns {Box} the box nearest to any four numbers that is a crop of the photo */
export function fitted({ left, top, width, height }, photo) {
  if (isWhole({ left, top, width, height }, photo)) return { left, top, width, height };
  let wide = between(Math.round(width), photo.least, photo.width);
  let tall = between(Math.round(height), photo.least, photo.height);
  wide = Math.min(wide, Math.floor(tall * photo.ratio));
  tall = Math.min(tall, Math.floor(wide * photo.ratio));
  return moved({ left: Math.round(left), top: Math.round(top), width: wide, height: tall }, 0, 0, photo);
}

export function whole(photo) {
  return { left: 0, top: 0, width: photo.width, height: photo.height };
}

export function isWhole(box, photo) {
  return box.left === 0 && box.top === 0 && box.width === photo.width && box.height === photo.height;
}

/** @returns {Box} the box moved by this many pixels, as far as the photo goes */
export function moved(box, across, down, photo) {
  return {
    ...box,
    left: between(box.left + across, 0, photo.width - box.width),
    top: between(box.top + down, 0, photo.height - box.height),
  };
}

/** @returns {Box} the largest square within the box, in its middle */
export function squared(box, photo) {
  const side = Math.min(box.width, box.height);
  const left = Math.round(box.left + (box.width - side) / 2);
  const top = Math.round(box.top + (box.height - side) / 2);
  return fitted({ left, top, width: side, height: side }, photo);
}

/**
 * Pull an edge or a corner by this many pixels; what lies opposite stays.
 * @param {string} handle of "n", "s", "w", "e" and the corners between them
 */
export function pulled(box, handle, across, down, photo, isSquare) {
  const x = axis(handle, "w", "e", box.left, box.width, across, photo.width);
  const y = axis(handle, "n", "s", box.top, box.height, down, photo.height);
  if (isSquare) return pulledSquare(x, y, photo);
  // An edge goes as far as the other sides allow; at a corner both sides give way.
  const least = (other) => Math.max(photo.least, other.moves ? 0 : Math.ceil(other.length / photo.ratio));
  const width = x.moves ? between(x.wanted, least(y), x.room) : x.length;
  const height = y.moves ? between(y.wanted, least(x), y.room) : y.length;
  return placed(
    x,
    y,
    x.moves ? Math.min(width, Math.floor(height * photo.ratio)) : width,
    y.moves ? Math.min(height, Math.floor(width * photo.ratio)) : height,
  );
}

/** What a handle does to one direction: the length that is wanted, and how long it can become. */
function axis(handle, before, after, start, length, by, size) {
  const end = start + length;
  if (handle.includes(before)) return { moves: true, isBefore: true, start, length, size, wanted: length - by, room: end };
  if (handle.includes(after)) return { moves: true, start, length, size, wanted: length + by, room: size - start };
  return { moves: false, start, length, size, wanted: 0, room: size };
}

function pulledSquare(x, y, photo) {
  const side = between(Math.max(x.wanted, y.wanted), photo.least, Math.min(x.room, y.room));
  return placed(x, y, side, side);
}

function placed(x, y, width, height) {
  return { left: begin(x, width), top: begin(y, height), width, height };
}

/** Where a direction begins: one that no handle moves grows and shrinks around its middle. */
function begin({ moves, isBefore, start, length, size }, now) {
  if (isBefore) return start + length - now;
  if (moves || now === length) return start;
  return between(Math.round(start + (length - now) / 2), 0, size - now);
}
