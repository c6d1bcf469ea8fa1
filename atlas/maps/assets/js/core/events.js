/* Events between the parts of a page. */

/** @type {Record<string, ((detail?: any) => void)[]>} */
const listeners = Object.create(null);

/** @param {string} name @param {(detail?: any) => void} listener */
export function listen(name, listener) { (listeners[name] = listeners[name] || []).push(listener); }

/** @param {string} name @param {unknown} [detail] */
export function fire(name, detail) {
  (listeners[name] || []).forEach(function (listener) { listener(detail); });
}
