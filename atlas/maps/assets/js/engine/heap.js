/* States that wait, the one of fewest minutes first: a binary heap of (key, item). */
function heap() {
  var keys = new Float64Array(1024), items = new Uint32Array(1024), length = 0;
  function push(key, item) {
    if (length === keys.length) {
      var moreKeys = new Float64Array(2 * length), moreItems = new Uint32Array(2 * length);
      moreKeys.set(keys); moreItems.set(items); keys = moreKeys; items = moreItems;
    }
    var i = length++;
    while (i > 0) {
      var up = (i - 1) >> 1;
      if (keys[up] <= key) break;
      keys[i] = keys[up]; items[i] = items[up]; i = up;
    }
    keys[i] = key; items[i] = item;
  }
  function drop() {
    var key = keys[--length], item = items[length], i = 0;
    for (;;) {
      var down = 2 * i + 1;
      if (down >= length) break;
      if (down + 1 < length && keys[down + 1] < keys[down]) down++;
      if (keys[down] >= key) break;
      keys[i] = keys[down]; items[i] = items[down]; i = down;
    }
    keys[i] = key; items[i] = item;
  }
  return { push: push, drop: drop, any: function () { return length > 0; }, key: function () { return keys[0]; }, item: function () { return items[0]; } };
}

export { heap };
