/* Elements, and the window they stand in. Text from data enters by textContent alone. */

/**
 * @param {string} tag
 * @param {Record<string, any> | null} [attributes]
 * @param {any} [children]
 * @returns {any} an element of the tag's own type
 */
export function el(tag, attributes, children) {
  var node = document.createElement(tag);
  Object.keys(attributes || {}).forEach(function (key) {
    var value = (attributes || {})[key];
    if (value === null || value === undefined || value === false) return;
    if (key.slice(0, 2) === "on") node.addEventListener(key.slice(2), value);
    else if (key === "class") node.className = value;
    else if (key === "style") node.style.cssText = value; // A style attribute is not of the page's own style sheets.
    else node.setAttribute(key, value === true ? "" : String(value));
  });
  /** @type {any[]} */ ([]).concat(children === undefined ? [] : children).forEach(function (child) {
    if (child === null || child === undefined) return;
    node.appendChild(child instanceof Node ? child : document.createTextNode(String(child)));
  });
  return node;
}

/** Take everything out of a node. @template {Node} T @param {T} node @returns {T} */
export function emptied(node) {
  while (node.firstChild) node.removeChild(node.firstChild);
  return node;
}

/* The part of the screen that panels leave free, as padding for the map's views. */
export function phone() { return window.innerWidth < 720; }

/** Hand a file to the reader. @param {string} name @param {Blob} blob */
export function download(name, blob) {
  var link = el("a", { href: URL.createObjectURL(blob), download: name });
  document.body.appendChild(link);
  link.click();
  document.body.removeChild(link);
  setTimeout(function () { URL.revokeObjectURL(link.href); }, 10000);
}
