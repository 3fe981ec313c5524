// Makes one element equal to another, changing only what differs: pictures do not reload; focus,
// scroll position, selection, open folds and open dialogs stay.

/** Attributes that a person changes after rendering; the server does not know them. What a script
 * has set on an element it names in `data-own`. */
const STATEFUL = { DETAILS: ["open"], DIALOG: ["open"], INPUT: ["value", "checked"], OPTION: ["selected"] };

/** Make `old` (in the page) equal to `wanted` (just parsed). */
export function morph(old, wanted) {
  if (old.hasAttribute("data-live-keep") && wanted.hasAttribute("data-live-keep")) return;
  if (old.isEqualNode(wanted)) return;
  morphAttributes(old, wanted);
  morphChildren(old, wanted);
}

function morphAttributes(old, wanted) {
  const stateful = [...(STATEFUL[old.tagName] ?? []), ...(old.dataset?.own?.split(" ") ?? [])];
  for (const { name } of [...old.attributes]) {
    if (!wanted.hasAttribute(name) && !stateful.includes(name)) old.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) {
    if (old.getAttribute(name) !== value && !stateful.includes(name)) old.setAttribute(name, value);
  }
}

function morphChildren(old, wanted) {
  const byId = new Map([...old.children].filter((child) => child.id).map((child) => [child.id, child]));
  let next = old.firstChild;
  for (const child of [...wanted.childNodes]) {
    const known = child.id ? byId.get(child.id) : null;
    if (known) {
      if (known === next) next = next.nextSibling;
      else old.insertBefore(known, next);
      morph(known, child);
    } else if (next && isSameKind(next, child)) {
      const current = next;
      next = next.nextSibling;
      if (current.nodeType === Node.ELEMENT_NODE) morph(current, child);
      else if (current.data !== child.data) current.data = child.data;
    } else {
      old.insertBefore(child, next);
    }
  }
  while (next) {
    const rest = next;
    next = next.nextSibling;
    rest.remove();
  }
}

/** Elements with ids are only matched by id: the fold of another one must not be reused. */
function isSameKind(old, wanted) {
  return old.nodeType === wanted.nodeType && old.nodeName === wanted.nodeName && !old.id && !wanted.id;
}
