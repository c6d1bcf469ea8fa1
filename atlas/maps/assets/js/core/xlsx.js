/* A table as a workbook of one sheet (Office Open XML): an uncompressed archive of five parts; texts stay texts. */

const TABLE = Array.from({ length: 256 }, function (_, n) {
  let rest = n;
  for (let k = 0; k < 8; k++) rest = rest & 1 ? 0xedb88320 ^ (rest >>> 1) : rest >>> 1;
  return rest >>> 0;
});

/** @param {Uint8Array} bytes @returns {number} */
export function crc32(bytes) {
  let sum = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) sum = TABLE[(sum ^ bytes[i]) & 255] ^ (sum >>> 8);
  return (sum ^ 0xffffffff) >>> 0;
}

/** @param {string} text @returns {string} */
function xml(text) {
  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, " ").replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

/** A column's letters. @param {number} at @returns {string} */
function column(at) { return at < 26 ? String.fromCharCode(65 + at) : column(Math.floor(at / 26) - 1) + String.fromCharCode(65 + at % 26); }

/** @param {unknown[][]} rows @param {number[]} widths letters a column @returns {string} */
function sheet(rows, widths) {
  const cols = widths.map(function (width, i) { return '<col min="' + (i + 1) + '" max="' + (i + 1) + '" width="' + width + '" customWidth="1"/>'; });
  const lines = rows.map(function (row, y) {
    return '<row r="' + (y + 1) + '">' + row.map(function (value, x) {
      const at = column(x) + (y + 1);
      if (value === null || value === undefined || value === "") return "";
      if (typeof value === "number" && isFinite(value)) return '<c r="' + at + '"><v>' + value + "</v></c>";
      return '<c r="' + at + '" t="inlineStr"><is><t xml:space="preserve">' + xml(String(value)) + "</t></is></c>";
    }).join("") + "</row>";
  });
  return '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><cols>' +
    cols.join("") + "</cols><sheetData>" + lines.join("") + '</sheetData><autoFilter ref="A1:' + column(widths.length - 1) + rows.length + '"/></worksheet>';
}

const HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE = "http://schemas.openxmlformats.org/package/2006";

/**
 * The bytes of a workbook.
 * @param {unknown[][]} rows the first is the heading
 * @param {string} name of the sheet
 * @param {number[]} widths letters a column
 * @returns {Uint8Array}
 */
export function workbook(rows, name, widths) {
  return archive([
    ["[Content_Types].xml", '<Types xmlns="' + PACKAGE + '/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'],
    ["_rels/.rels", '<Relationships xmlns="' + PACKAGE + '/relationships"><Relationship Id="rId1" Type="' + OFFICE + '/officeDocument" Target="xl/workbook.xml"/></Relationships>'],
    ["xl/workbook.xml", '<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="' + OFFICE + '"><sheets><sheet name="' + xml(name.replace(/[\\/?*[\]:"]/g, " ").slice(0, 31)) + '" sheetId="1" r:id="rId1"/></sheets></workbook>'],
    ["xl/_rels/workbook.xml.rels", '<Relationships xmlns="' + PACKAGE + '/relationships"><Relationship Id="rId1" Type="' + OFFICE + '/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'],
    ["xl/worksheets/sheet1.xml", sheet(rows, widths)]
  ]);
}

/** @param {string[][]} parts name, text @returns {Uint8Array} */
function archive(parts) {
  const coder = new TextEncoder(), bytes = /** @type {number[]} */ ([]), index = /** @type {number[]} */ ([]);
  /** @param {number[]} into @param {number} value @param {number} size */
  function number(into, value, size) { for (let i = 0; i < size; i++) into.push((value >>> (8 * i)) & 255); }
  parts.forEach(function (part) {
    const name = coder.encode(part[0]), body = coder.encode(HEAD + part[1]), at = bytes.length, fields = /** @type {number[]} */ ([]);
    /* version, flags (names in UTF-8), no compression, time, date (1980-01-01), sum, sizes */
    [[20, 2], [0x800, 2], [0, 2], [0, 2], [33, 2], [crc32(body), 4], [body.length, 4], [body.length, 4], [name.length, 2], [0, 2]].forEach(function (one) { number(fields, one[0], one[1]); });
    number(bytes, 0x04034b50, 4);
    fields.concat(Array.from(name)).forEach(function (one) { bytes.push(one); });
    body.forEach(function (one) { bytes.push(one); });
    number(index, 0x02014b50, 4);
    number(index, 20, 2);
    fields.forEach(function (one) { index.push(one); });
    [[0, 2], [0, 2], [0, 2], [0, 4], [at, 4]].forEach(function (one) { number(index, one[0], one[1]); });
    name.forEach(function (one) { index.push(one); });
  });
  const start = bytes.length;
  index.forEach(function (one) { bytes.push(one); });
  number(bytes, 0x06054b50, 4);
  [[0, 2], [0, 2], [parts.length, 2], [parts.length, 2], [index.length, 4], [start, 4], [0, 2]].forEach(function (one) { number(bytes, one[0], one[1]); });
  return Uint8Array.from(bytes);
}
