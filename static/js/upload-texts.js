// What the uploader says, and how names of files stand in it.

const zone = document.getElementById("drop-zone");

/** A name that turns the direction of writing turns nothing around it (Unicode Annex 9). */
export function isolated(name) {
  return `\u2068${name}\u2069`;
}

export function withName(text, name) {
  return interpolate(text, { name: isolated(name) }, true);
}

export function serverError(code) {
  const text = gettext("The server could not take this photo (error %(code)s). Try again.");
  return interpolate(text, { code }, true);
}

export function tooLarge() {
  const text = gettext("Larger than %(size)s. Save it as a smaller JPEG and upload that.");
  return interpolate(text, { size: zone.dataset.sizeText }, true);
}

export function noPhoto() {
  const text = gettext("This is not a photo. Upload photos as %(formats)s.");
  return interpolate(text, { formats: zone.dataset.formatsText }, true);
}

export function anotherCaption() {
  return gettext("There is another caption of the same name.");
}

export function noPhotoBeside() {
  return gettext("This text belongs to no photo: none beside it has the same name.");
}

/** @returns {string} how many files of a folder or an archive were taken */
export function takenOf(taken, total) {
  const text = ngettext(
    "%(taken)s of %(total)s file taken.",
    "%(taken)s of %(total)s files taken.",
    total,
  );
  return interpolate(text, { taken, total }, true);
}
