/* Ground floor: elements, words, numbers, the state in the URL. Text from data enters by textContent alone. */
"use strict";
var Atlas = {};

(function () {
  /* Make an element. Attributes starting with "on" are listeners; children are nodes or text. */
  Atlas.el = function (tag, attributes, children) {
    var node = document.createElement(tag);
    Object.keys(attributes || {}).forEach(function (key) {
      var value = attributes[key];
      if (value === null || value === undefined || value === false) return;
      if (key.slice(0, 2) === "on") node.addEventListener(key.slice(2), value);
      else if (key === "class") node.className = value;
      else node.setAttribute(key, value === true ? "" : String(value));
    });
    [].concat(children === undefined ? [] : children).forEach(function (child) {
      if (child === null || child === undefined) return;
      node.appendChild(child instanceof Node ? child : document.createTextNode(String(child)));
    });
    return node;
  };

  Atlas.empty = function (node) {
    while (node.firstChild) node.removeChild(node.firstChild);
    return node;
  };

  /* Words. A node made by say() is spoken again when the language changes. */
  Atlas.lang = "zh";
  Atlas.words = { ui: {} };

  Atlas.pick = function (pair) {
    if (!pair) return "";
    var first = Atlas.lang === "zh" ? pair[0] : pair[1];
    return first || pair[0] || pair[1] || "";
  };

  Atlas.other = function (pair) {
    var first = Atlas.pick(pair), second = Atlas.lang === "zh" ? pair[1] : pair[0];
    return second && second !== first ? second : "";
  };

  Atlas.t = function (key) {
    var parts = Array.prototype.slice.call(arguments, 1);
    var text = Atlas.pick(Atlas.words.ui[key] || [key, key]);
    parts.forEach(function (part) { text = text.replace("{}", String(part)); });
    return text;
  };

  /* A source of the ledger in words: title, publisher, licence. */
  Atlas.sourceWords = function (key) {
    var one = (Atlas.data.sources || {})[key];
    if (!one) return key || "";
    return [Atlas.pick([one[3], one[0]]), Atlas.pick([one[4], one[1]]), one[2]].filter(Boolean).join(" · ");
  };

  /* Look a listed value up in a table of words; what is not listed stands as it is. */
  Atlas.word = function (table, key) {
    var rows = Atlas.words[table] || {};
    return Object.prototype.hasOwnProperty.call(rows, key) ? Atlas.pick(rows[key]) : String(key);
  };

  Atlas.say = function (tag, attributes, text) {
    var node = Atlas.el(tag, attributes);
    node.classList.add("said");
    node.saidText = typeof text === "function" ? text : function () { return Atlas.t(text); };
    node.textContent = node.saidText();
    return node;
  };

  /* Give a node a label for assistive technology that follows the language. */
  Atlas.label = function (node, key, attribute) {
    node.classList.add("labelled");
    (node.labels_ = node.labels_ || []).push([attribute || "aria-label", key]);
    node.setAttribute(attribute || "aria-label", typeof key === "function" ? key() : Atlas.t(key));
    return node;
  };

  Atlas.button = function (attributes, key, action) {
    var node = Atlas.say("button", Object.assign({ type: "button" }, attributes), key);
    node.addEventListener("click", action);
    return node;
  };

  Atlas.speak = function (lang) {
    Atlas.lang = lang;
    document.documentElement.lang = lang === "zh" ? "zh-CN" : "en";
    document.querySelectorAll(".said").forEach(function (node) { node.textContent = node.saidText(); });
    document.querySelectorAll(".labelled").forEach(function (node) {
      node.labels_.forEach(function (pair) {
        node.setAttribute(pair[0], typeof pair[1] === "function" ? pair[1]() : Atlas.t(pair[1]));
      });
    });
    Atlas.fire("lang");
  };

  /* Events between the parts of a page. */
  var listeners = {};
  Atlas.on = function (name, listener) { (listeners[name] = listeners[name] || []).push(listener); };
  Atlas.fire = function (name, detail) {
    (listeners[name] || []).forEach(function (listener) { listener(detail); });
  };

  /* Numbers with thin grouping; minutes are rounded for display only. */
  Atlas.number = function (value, digits) {
    if (value === null || value === undefined) return "";
    var fixed = Number(value).toFixed(digits === undefined ? (Number.isInteger(value) ? 0 : 1) : digits);
    var halves = fixed.split(".");
    halves[0] = halves[0].replace(/\B(?=(\d{3})+$)/g, "\u202f");
    return halves.join(".");
  };

  Atlas.minutes = function (value) { return String(Math.round(value)); };

  /* State that a link restores: #v=zoom/lat/lon&g=lang&… */
  Atlas.state = {
    values: {},
    read: function () {
      var values = {};
      location.hash.replace(/^#/, "").split("&").forEach(function (pair) {
        var at = pair.indexOf("=");
        if (at < 1) return;
        try { values[pair.slice(0, at)] = decodeURIComponent(pair.slice(at + 1)); } catch (error) { /* a broken link */ }
      });
      Atlas.state.values = values;
      return values;
    },
    write: function (changes) {
      Object.keys(changes).forEach(function (key) {
        if (changes[key] === null || changes[key] === undefined || changes[key] === "") delete Atlas.state.values[key];
        else Atlas.state.values[key] = String(changes[key]);
      });
      var text = Object.keys(Atlas.state.values).sort().map(function (key) {
        return key + "=" + encodeURIComponent(Atlas.state.values[key]).replace(/%2F/g, "/").replace(/%2C/g, ",");
      }).join("&");
      try { history.replaceState(null, "", "#" + text); } catch (error) { /* a frame without history */ }
    }
  };

  /* The part of the screen that panels leave free, as padding for the map's views. */
  Atlas.phone = function () { return window.innerWidth < 720; };

  Atlas.download = function (name, blob) {
    var link = Atlas.el("a", { href: URL.createObjectURL(blob), download: name });
    document.body.appendChild(link);
    link.click();
    document.body.removeChild(link);
    setTimeout(function () { URL.revokeObjectURL(link.href); }, 10000);
  };
})();
