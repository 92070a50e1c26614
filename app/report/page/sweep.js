// The page of a sweep: what each setting came to, with intervals; the frontier of two metrics; the runs that failed.
(() => {
  const sweep = data('page-data');
  const settings = sweep.settings;  // [{values, runs, verdicts: {holds: n}, metrics: {name: {n, mean, low, high, min, max, hits, share_low, share_high}}}]
  const metrics = sweep.metrics;    // [{name, doc, unit}]
  const SHOWN = 120;
  const SHAPES = ['circle', 'square', 'diamond', 'triangle', 'cross', 'ring'];
  const short = pointer => pointer.split('/').slice(-1)[0];
  const axisNames = sweep.pointers.map((p, i, all) => all.filter(q => short(q) === short(p)).length > 1 ? p.split('/').slice(-2).join('/') : short(p));
  const nameOf = setting => setting.values.length ? setting.values.map((v, i) => `${axisNames[i]} = ${v}`).join(', ') : 'the scenario as it is';
  const unitOf = name => (metrics.find(m => m.name === name) || {}).unit || '';
  const show = (name, x) => {
    if (x === null || x === undefined) return '–';
    const unit = unitOf(name);
    if (unit === 'ms') return millis(x);
    if (unit === 's') return seconds(x);
    if (unit === 'B/s') return rate(x);
    if (unit === '/s') return x < 1e5 ? digits(x, x < 100 ? 2 : x < 1e4 ? 1 : 0) + ' /s' : perSecond(x);
    return Math.abs(x) >= 100 || Number.isInteger(x) ? count(x) : digits(x, 2);
  };
  const total = settings.reduce((n, s) => n + s.runs, 0);
  const failed = settings.reduce((n, s) => n + s.runs - (s.verdicts.holds || 0), 0);

  // ---- Top.
  const schemeButton = el('button', {type: 'button', onclick: () => setScheme(scheme === 'dark' ? 'light' : 'dark')});
  add($('top'),
    el('div', {class: 'bar'}, el('span', {class: 'badge ' + (failed ? 'bad' : 'good'), text: failed ? `✗ ${count(failed)} of ${count(total)} runs not as expected` : `✓ all ${count(total)} runs as expected`}),
      el('span', {class: 'soft', text: `${count(settings.length)} settings, ${count(total)} runs of ${sweep.scenario}`}), schemeButton),
    el('h1', {text: sweep.title}));

  // ---- Answer: a table of all settings.
  const wanted = sweep.shown.filter(name => metrics.some(m => m.name === name));
  const main = $('main');
  const withInterval = (name, setting) => {
    const m = setting.metrics[name];
    if (!m || m.mean === null) return '–';
    if (m.n < 2) return `${show(name, m.mean)} (one run)`;
    return m.low === m.high ? `${show(name, m.mean)} (all equal)` : `${show(name, m.mean)} (${show(name, m.low)} to ${show(name, m.high)})`;
  };
  const percent = x => digits(100 * x, x > 0 && x < .1 ? 1 : 0) + ' %';
  const lossOf = s => s.metrics['records.lost_acknowledged'];
  const answer = el('section', {id: 'answer', 'aria-labelledby': 'answer-title'}, el('h2', {id: 'answer-title', text: 'What each setting comes to'}),
    table(`Mean over seeds with its 95 % interval (Student). Runs with a loss: the exact interval of the share (Clopper and Pearson).${settings.length > SHOWN ? ` ${SHOWN} of ${settings.length} settings.` : ''}`,
      [...axisNames.map(name => [name]), ['Runs', true], ['As expected', true], ['Runs with a loss', true], ...wanted.map(name => [name, true])],
      settings.slice(0, SHOWN).map(s => [...s.values.map(String), count(s.runs), count(s.verdicts.holds || 0),
        lossOf(s) && lossOf(s).n ? `${count(lossOf(s).hits)} of ${count(lossOf(s).n)} (${percent(lossOf(s).share_low)} to ${percent(lossOf(s).share_high)})` : '–', ...wanted.map(name => withInterval(name, s))])));
  main.append(answer);

  // ---- Charts: SVG, drawn anew when a metric is chosen.
  const NS = 'http://www.w3.org/2000/svg';
  const svg = (tag, attributes = {}, ...children) => {
    const node = document.createElementNS(NS, tag);
    for (const [name, value] of Object.entries(attributes)) if (name === 'text') node.textContent = value; else node.setAttribute(name, value);
    node.append(...children);
    return node;
  };
  const measured = metrics.filter(m => settings.some(s => s.metrics[m.name] && s.metrics[m.name].mean !== null));
  const pickerOf = (label, chosen, change) => el('label', {class: 'pick-metric'}, label + ' ', el('select', {onchange: event => change(event.target.value)},
    ...measured.map(m => el('option', {value: m.name, selected: m.name === chosen ? '' : null, text: m.name}))));
  const niceStep = span => { const p = 10 ** Math.floor(Math.log10(span)), m = span / p; return (m <= 1 ? 1 : m <= 2 ? 2 : m <= 5 ? 5 : 10) * p; };
  const scale = (values, from, to) => {
    let low = Math.min(...values), high = Math.max(...values);
    if (low > 0 && low < high * .5) low = 0;
    if (high <= low) { high = low + Math.max(Math.abs(low) * .1, 1); }
    const room = (high - low) * .05;
    if (low !== 0) low = low - room < 0 && low >= 0 ? 0 : low - room;
    high += room;
    const step = niceStep((high - low) / 5), ticks = [];
    for (let t = Math.ceil(low / step) * step; t <= high + step * 1e-9; t += step) ticks.push(Math.abs(t) < step * 1e-9 ? 0 : t);
    return {at: v => from + (v - low) / (high - low) * (to - from), ticks};
  };
  const mark_ = (x, y, kind, colour) => {
    const r = 5.5, common = {fill: colour, stroke: colour, 'stroke-width': 1.5, class: 'mark'};
    switch (SHAPES[kind % SHAPES.length]) {
      case 'square': return svg('rect', {...common, x: x - r, y: y - r, width: 2 * r, height: 2 * r});
      case 'diamond': return svg('path', {...common, d: `M${x} ${y - r * 1.35}L${x + r * 1.35} ${y}L${x} ${y + r * 1.35}L${x - r * 1.35} ${y}Z`});
      case 'triangle': return svg('path', {...common, d: `M${x} ${y - r * 1.2}L${x + r * 1.2} ${y + r}L${x - r * 1.2} ${y + r}Z`});
      case 'cross': return svg('path', {...common, fill: 'none', 'stroke-width': 3, d: `M${x - r} ${y - r}L${x + r} ${y + r}M${x - r} ${y + r}L${x + r} ${y - r}`});
      case 'ring': return svg('circle', {...common, fill: 'var(--paper)', 'stroke-width': 2.5, cx: x, cy: y, r});
      default: return svg('circle', {...common, cx: x, cy: y, r});
    }
  };
  const colourOf = i => `var(--c${i % 8})`;
  // The first place gives the colour, the second the shape.
  const rank = axis => { const seen = [...new Set(settings.map(s => String(s.values[axis])))]; return s => axis < sweep.pointers.length ? seen.indexOf(String(s.values[axis])) : 0; };
  const first = rank(0), second = rank(1);
  const legend = () => {
    const values = axis => axis < sweep.pointers.length ? [...new Set(settings.map(s => String(s.values[axis])))] : [];
    const entry = (text, node) => { const box = svg('svg', {width: 16, height: 16, 'aria-hidden': 'true'}); box.append(node); return el('li', {}, box, ' ' + text); };
    return el('ul', {class: 'legend'}, ...values(0).slice(0, 8).map((v, i) => entry(`${axisNames[0]} = ${v}`, svg('rect', {x: 2, y: 2, width: 12, height: 12, fill: colourOf(i)}))),
      ...values(1).slice(0, 6).map((v, i) => entry(`${axisNames[1]} = ${v}`, mark_(8, 8, i, 'var(--soft)'))));
  };
  const tipText = (s, names) => [nameOf(s), ...names.map(name => `${name}: ${withInterval(name, s)}, n = ${s.metrics[name] ? s.metrics[name].n : 0}`)].join('\n');
  const withTip = (node, text) => {
    node.setAttribute('tabindex', '0');
    node.setAttribute('role', 'img');
    node.setAttribute('aria-label', text.replaceAll('\n', '; '));
    const tip = $('tip');
    const place = (x, y) => { tip.textContent = text; tip.hidden = false; const box = tip.getBoundingClientRect(); tip.style.left = Math.max(4, Math.min(x + 14, innerWidth - box.width - 8)) + 'px'; tip.style.top = (y + 18 + box.height > innerHeight ? y - box.height - 10 : y + 18) + 'px'; };
    node.addEventListener('pointermove', event => place(event.clientX, event.clientY));
    node.addEventListener('focus', () => { const box = node.getBoundingClientRect(); place(box.right, box.bottom); });
    for (const away of ['pointerleave', 'blur']) node.addEventListener(away, () => { tip.hidden = true; });
    return node;
  };
  const text = (x, y, value, more = {}) => svg('text', {x, y, fill: 'var(--soft)', 'font-size': 12, ...more, text: value});

  // Intervals of one metric, setting by setting.
  function intervals(name) {
    const shown = settings.slice(0, SHOWN).filter(s => s.metrics[name] && s.metrics[name].mean !== null);
    const width = 1100, left = 420, row = 24, height = shown.length * row + 44;
    const x = scale(shown.flatMap(s => [s.metrics[name].low, s.metrics[name].high, s.metrics[name].min, s.metrics[name].max]), left, width - 30);
    const picture = svg('svg', {viewBox: `0 0 ${width} ${height}`, role: 'group', 'aria-label': `${name} of each setting: mean, 95 % interval, least and most`});
    for (const t of x.ticks) picture.append(svg('line', {x1: x.at(t), x2: x.at(t), y1: 4, y2: height - 34, stroke: 'var(--grid)'}), text(x.at(t), height - 18, show(name, t), {'text-anchor': 'middle'}));
    picture.append(text(width - 10, height - 2, `${name}: dot and bar are the mean and its 95 % interval, the thin line goes from the least to the most`, {'text-anchor': 'end', 'font-size': 11}));
    shown.forEach((s, i) => {
      const m = s.metrics[name], y = 16 + i * row, colour = colourOf(first(s)), label = nameOf(s);
      picture.append(text(left - 12, y + 4, label.length > 62 ? label.slice(0, 61) + '…' : label, {'text-anchor': 'end'}),
        svg('line', {x1: x.at(m.min), x2: x.at(m.max), y1: y, y2: y, stroke: 'var(--soft)', 'stroke-width': 1}),
        svg('line', {x1: x.at(m.low), x2: x.at(m.high), y1: y, y2: y, stroke: colour, 'stroke-width': 5, 'stroke-opacity': .55}),
        withTip(mark_(x.at(m.mean), y, second(s), colour), tipText(s, [name]) + `\nfrom ${show(name, m.min)} to ${show(name, m.max)}`));
    });
    return picture;
  }

  // The frontier: on the front is what no other setting beats in both.
  const more = name => /^throughput\.|^records\.(acknowledged|consumed)$|^events\.published$/.test(name);  // the more the better
  const cost = (s, name) => more(name) ? -s.metrics[name].mean : s.metrics[name].mean;
  const front = (points, nx, ny) => new Set(points.filter(p => !points.some(q => q !== p && cost(q, nx) <= cost(p, nx) && cost(q, ny) <= cost(p, ny) &&
    (cost(q, nx) < cost(p, nx) || cost(q, ny) < cost(p, ny)))));
  function frontier(nx, ny) {
    const points = settings.filter(s => [nx, ny].every(name => s.metrics[name] && s.metrics[name].mean !== null));
    const width = 1100, height = 460, left = 100, bottom = height - 56;
    const x = scale(points.flatMap(s => [s.metrics[nx].low, s.metrics[nx].high]), left, width - 30);
    const y = scale(points.flatMap(s => [s.metrics[ny].low, s.metrics[ny].high]), bottom, 14);
    const best = front(points, nx, ny);
    const picture = svg('svg', {viewBox: `0 0 ${width} ${height}`, role: 'group', 'aria-label': `${ny} against ${nx}, with 95 % intervals. On the front: ${[...best].map(nameOf).join('; ')}`});
    for (const t of x.ticks) picture.append(svg('line', {x1: x.at(t), x2: x.at(t), y1: 10, y2: bottom, stroke: 'var(--grid)'}), text(x.at(t), bottom + 18, show(nx, t), {'text-anchor': 'middle'}));
    for (const t of y.ticks) picture.append(svg('line', {x1: left, x2: width - 20, y1: y.at(t), y2: y.at(t), stroke: 'var(--grid)'}), text(left - 8, y.at(t) + 4, show(ny, t), {'text-anchor': 'end'}));
    picture.append(text((left + width) / 2, height - 14, nx + (more(nx) ? '  (more is better)' : '  (less is better)'), {'text-anchor': 'middle', fill: 'var(--ink)'}),
      text(0, 0, ny + (more(ny) ? '  (more is better)' : '  (less is better)'), {'text-anchor': 'middle', fill: 'var(--ink)', transform: `translate(16 ${bottom / 2}) rotate(-90)`}));
    const steps = [...best].sort((a, b) => a.metrics[nx].mean - b.metrics[nx].mean || b.metrics[ny].mean - a.metrics[ny].mean);
    if (steps.length > 1) picture.append(svg('path', {fill: 'none', stroke: 'var(--soft)', 'stroke-dasharray': '5 4', d: steps.map((s, i) => i ? `H${x.at(s.metrics[nx].mean)}V${y.at(s.metrics[ny].mean)}` : `M${x.at(s.metrics[nx].mean)} ${y.at(s.metrics[ny].mean)}`).join('')}));
    for (const s of points) {
      const a = s.metrics[nx], b = s.metrics[ny], colour = colourOf(first(s)), px = x.at(a.mean), py = y.at(b.mean);
      picture.append(svg('path', {fill: 'none', stroke: colour, 'stroke-width': 1.4, d: `M${x.at(a.low)} ${py}H${x.at(a.high)}M${px} ${y.at(b.low)}V${y.at(b.high)}M${x.at(a.low)} ${py - 4}v8M${x.at(a.high)} ${py - 4}v8M${px - 4} ${y.at(b.low)}h8M${px - 4} ${y.at(b.high)}h8`}));
      if (best.has(s)) picture.append(svg('circle', {cx: px, cy: py, r: 11, fill: 'none', stroke: 'var(--ink)', 'stroke-width': 1.2}));
      picture.append(withTip(mark_(px, py, second(s), colour), tipText(s, [nx, ny]) + (best.has(s) ? '\non the front' : '')));
    }
    return picture;
  }

  const pick = (names, other) => names.find(name => measured.some(m => m.name === name && m.name !== other)) || (measured.find(m => m.name !== other) || {}).name;
  const varies = name => new Set(settings.map(s => s.metrics[name] && s.metrics[name].mean)).size > 1;
  let one = pick([...wanted.filter(varies), ...wanted]);
  let across = pick([...['latency.produce.p99_ms', 'unavailable.longest', 'unavailable.total'].filter(varies), ...wanted.filter(varies), ...wanted]);
  let up = pick([...['records.lost_acknowledged'].filter(varies), ...wanted.filter(varies), ...wanted], across);
  if (measured.length) {
    const box = el('div', {class: 'scroll'}), front_ = el('div', {class: 'scroll'});
    const drawOne = () => box.replaceChildren(intervals(one));
    const drawFront = () => front_.replaceChildren(frontier(across, up));
    main.append(el('section', {'aria-labelledby': 'intervals-title'}, el('h2', {id: 'intervals-title', text: 'One metric, with intervals'}),
      el('div', {class: 'bar'}, pickerOf('Metric', one, name => { one = name; drawOne(); })), legend(), box));
    if (measured.length > 1 && settings.length > 1)
      main.append(el('section', {'aria-labelledby': 'frontier-title'}, el('h2', {id: 'frontier-title', text: 'Two metrics against each other'}),
        el('p', {class: 'note', text: 'Circled: on the front, no other setting is at least as good in both and better in one (by the means; look at the intervals).'}),
        el('div', {class: 'bar'}, pickerOf('Across', across, name => { across = name; drawFront(); }), pickerOf('Up', up, name => { up = name; drawFront(); })), legend(), front_));
    drawOne();
    if (measured.length > 1 && settings.length > 1) drawFront();
  }

  // ---- Runs that were not as expected, each with its line.
  const bad = sweep.failed;  // [{setting, seed, verdict, fingerprint, replay}]
  const runs = el('section', {'aria-labelledby': 'runs-title'}, el('h2', {id: 'runs-title', text: `Runs that were not as expected (${count(failed)})`}));
  if (bad.length) runs.append(table(`To repeat one, paste its line${failed > bad.length ? `; the first ${bad.length}` : ''}`, [['Setting'], ['Seed', true], ['Verdict'], ['Fingerprint'], ['Line']],
    bad.map(b => [nameOf(settings[b.setting]), String(b.seed), verdictOf(b.verdict), el('code', {class: 'whole', text: b.fingerprint}), el('code', {text: b.replay})])));
  else runs.append(el('p', {class: 'note', text: 'None.'}));
  main.append(runs);
  main.append(el('section', {'aria-labelledby': 'metrics-title'}, el('h2', {id: 'metrics-title', text: 'What the metrics mean'}),
    openWhen(false, `${metrics.length} metrics`, table('', [['Metric'], ['Meaning']], metrics.map(m => [m.name, m.doc])))));
  if (sweep.source) main.append(openWhen(false, 'The scenario, before its settings', el('p', {class: 'note', text: 'Save it as scenario.json to repeat a run: brokersim run scenario.json --set POINTER=VALUE --seed N'}), el('pre', {}, el('code', {text: sweep.source}))));
  add($('foot'), el('p', {text: `brokersim · model ${sweep.model} · the same setting and seed give the same run, bit for bit`}), sweep.command ? el('p', {}, el('code', {text: sweep.command})) : null);

  let scheme = 'light';
  const setScheme = wanted => { scheme = wanted; document.documentElement.dataset.scheme = wanted; schemeButton.textContent = wanted === 'dark' ? 'Light' : 'Dark'; };
  const dark = matchMedia('(prefers-color-scheme: dark)');
  dark.addEventListener('change', event => setScheme(event.matches ? 'dark' : 'light'));
  setScheme(dark.matches ? 'dark' : 'light');
  window.brokersimReport = {settings: settings.length};
})();
