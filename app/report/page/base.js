'use strict';
// What every page uses: numbers as people read them, and elements.
const count = n => Math.round(n).toLocaleString('en-US');
const digits = (x, d) => x.toLocaleString('en-US', {minimumFractionDigits: d, maximumFractionDigits: d});
const seconds = s => digits(s, s < 10 ? 3 : s < 1000 ? 2 : 0) + ' s';
const millis = ms => ms >= 1000 ? digits(ms / 1000, 2) + ' s' : ms >= 1 ? digits(ms, ms < 100 ? 1 : 0) + ' ms' : digits(ms * 1000, 0) + ' µs';
const scaled = (x, units, step) => { let i = 0; while (Math.abs(x) >= step && i < units.length - 1) { x /= step; i++; } return digits(x, x < 10 && i ? 1 : 0) + ' ' + units[i]; };
const bytes = b => scaled(b, ['B', 'KiB', 'MiB', 'GiB', 'TiB'], 1024);
const rate = b => scaled(b, ['B/s', 'kB/s', 'MB/s', 'GB/s'], 1000);
const perSecond = n => scaled(n, ['/s', 'k/s', 'M/s'], 1000);
const el = (tag, attributes = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === 'text') node.textContent = value;
    else if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) node.setAttribute(name, value);
  }
  node.append(...children.filter(child => child !== null));
  return node;
};
const table = (caption, columns, rows) => {
  // columns: [title, numeric]; rows: arrays of text or nodes
  const cell = (tag, value, numeric, scope) => el(tag, {class: numeric ? 'n' : null, scope}, value instanceof Node ? value : String(value));
  return el('div', {class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption},
    el('table', {}, el('caption', {text: caption}),
      el('thead', {}, el('tr', {}, ...columns.map(([title, numeric]) => cell('th', title, numeric, 'col')))),
      el('tbody', {}, ...rows.map(row => el('tr', {}, ...row.map((value, i) => cell('td', value, columns[i][1])))))));
};
const add = (node, ...children) => node.append(...children.filter(child => child !== null));
const tone = verdict => verdict === 'holds' ? 'good' : verdict === 'violated' || verdict === 'bug' ? 'bad' : 'doubt';
const mark = verdict => ({holds: '✓ ', violated: '✗ '})[verdict] || '? ';
const verdictOf = verdict => el('span', {class: tone(verdict), text: mark(verdict) + verdict.replace('_', ' ')});
const openWhen = (open, title, ...children) => el('details', open ? {open: ''} : {}, el('summary', {text: title}), ...children);
const data = id => JSON.parse(document.getElementById(id).textContent);
const $ = id => document.getElementById(id);
