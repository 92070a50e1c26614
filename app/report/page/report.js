// The page: reads what it holds, writes tables, draws canvases. One horizontal scale for all charts; the band behind each
// chart is when a fault was on. Zoom: wheel, drag, or + - and the arrow keys on a chart; Escape shows everything again.
(() => {
  const head = data('head-data'), run = data('result-data'), line = data('timeline-data');
  const end = line.duration_s;

  // ---- Top: did it hold?
  const copyButton = el('button', {type: 'button', text: 'Copy', onclick: () => {
    const done = () => { copyButton.textContent = 'Copied'; };
    if (navigator.clipboard) navigator.clipboard.writeText(head.replay).then(done, () => {});
  }});
  const schemeButton = el('button', {type: 'button', onclick: () => setScheme(scheme === 'dark' ? 'light' : 'dark')});
  const silent = run.verdict === 'holds' && !run.expectations.length;  // nobody said what should come out
  add($('top'),
    el('div', {class: 'bar'}, el('span', {class: 'badge ' + (silent ? (run.records.lost_acknowledged ? 'bad' : 'doubt') : tone(run.verdict)),
      text: silent ? (run.records.lost_acknowledged ? `✗ ${count(run.records.lost_acknowledged)} acknowledged records lost, nothing expected` : '? Nothing expected, no law broken') :
        mark(run.verdict) + ({holds: 'As expected', violated: 'Not as expected'}[run.verdict] || 'Inconclusive')}),
      el('span', {class: 'soft', text: `seed ${run.seed} · ${seconds(run.simulated_seconds)} simulated · ${count(run.events)} events · fingerprint ${run.fingerprint}`}), schemeButton),
    el('h1', {text: run.title}), head.why ? el('p', {class: 'soft', text: head.why}) : null);

  const longest = Math.max(0, ...run.unavailable.map(w => w.to_s - w.from_s));
  const produce = run.latency.produce;
  const tiles = [
    [count(run.records.lost_acknowledged), 'acknowledged records lost', run.records.lost_acknowledged ? 'bad' : 'good'],
    [seconds(longest), 'longest unavailable', ''],
    [count(run.records.acknowledged), `acknowledged of ${count(run.records.sent)} sent`, ''],
    [count(run.records.failed), 'failed', ''],
    [count(run.records.duplicated) + ' / ' + count(run.records.reordered), 'duplicated / reordered', ''],
    [produce.count ? millis(produce.p50_ms) + ' / ' + millis(produce.p99_ms) : '–', `produce latency, median / p99 (n = ${count(produce.count)})`, ''],
    [perSecond(run.throughput.records_per_second), `acknowledged, ${rate(run.throughput.bytes_per_second)}`, ''],
    [count(run.leader_changes), 'leader changes', '']];
  const broken = run.expectations.filter(e => e.verdict !== 'holds');
  add($('verdict'),el('h2', {id: 'verdict-title', text: 'Did it hold?'}),
    el('ul', {class: 'tiles'}, ...tiles.map(([value, what, kind]) => el('li', {}, el('b', {class: kind, text: value}), el('span', {text: what})))),
    run.failed_laws.length ? el('p', {class: 'bad', text: 'Laws broken that the scenario did not expect: ' + run.failed_laws.join(', ')}) : null,
    run.expectations.length ? table('What the scenario expects', [['Verdict'], ['Expectation'], ['What came out']],
      [...broken, ...run.expectations.filter(e => e.verdict === 'holds')].map(e => [verdictOf(e.verdict), e.text, e.detail])) : el('p', {class: 'note', text: 'The scenario expects nothing of its own; the laws are judged all the same.'}),
    el('div', {class: 'replay'}, el('code', {text: head.replay}), copyButton));

  // ---- Losses with their stories.
  if (line.stories.length) {
    $('losses').hidden = false;
    $('losses').append(el('h2', {id: 'losses-title', text: 'What was lost, and how'}),
      ...line.stories.slice(0, 20).map(s => el('article', {class: 'story'}, el('h3', {text: s.title}), el('p', {text: s.text}))));
    if (line.stories.length > 20) $('losses').append(openWhen(false, `${line.stories.length - 20} more stories`,
      ...line.stories.slice(20).map(s => el('article', {class: 'story'}, el('h3', {text: s.title}), el('p', {text: s.text})))));
  }

  // ---- Partitions, worst first.
  let chosen = 0;
  const parts = line.partitions;
  const own = parts.filter(p => !p.internal);
  const partitionRows = [];
  const choose = index => {
    chosen = index;
    partitionRows.forEach((row, i) => row.setAttribute('aria-selected', i === index ? 'true' : 'false'));
    picker.value = String(index);
    draw();
  };
  {
    const shown = own.slice(0, 200);
    const box = table(`Worst first: lost records, then time without service, then leader changes${own.length > 200 ? ` (200 of ${own.length})` : ''}. A click draws the partition's log below.`,
      [['Partition'], ['Lost', true], ['Unavailable', true], ['Leader changes', true], ['Smallest ISR', true], ['min ISR', true], ['Replicas']],
      shown.map(p => [p.name, count(p.lost), seconds(p.unavailable_s), count(p.leader_changes), p.isr_min, p.min_isr, p.replicas.join(', ')]));
    box.querySelectorAll('tbody tr').forEach((row, i) => {
      row.classList.add('pick');
      row.tabIndex = 0;
      row.addEventListener('click', () => choose(parts.indexOf(shown[i])));
      row.addEventListener('keydown', event => { if (event.key === 'Enter' || event.key === ' ') { event.preventDefault(); choose(parts.indexOf(shown[i])); } });
      partitionRows[parts.indexOf(shown[i])] = row;
    });
    box.style.maxHeight = '300px';
    box.style.overflowY = 'auto';
    $('partitions').append(el('h2', {id: 'partitions-title', text: 'Partitions, worst first'}), box);
  }

  // ---- Charts.
  let scheme = 'light', colours = {};
  const view = {from: 0, to: end};
  const LEFT = 92, RIGHT = 10, charts = [];
  const setScheme = wanted => {
    scheme = wanted;
    document.documentElement.dataset.scheme = wanted;
    schemeButton.textContent = wanted === 'dark' ? 'Light' : 'Dark';
    const style = getComputedStyle(document.documentElement);
    for (const name of ['paper', 'ink', 'soft', 'line', 'grid', 'panel', 'good', 'bad', 'doubt', 'band', 'gap', 'heat0', 'heat1', 'focus', 'c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7'])
      colours[name] = style.getPropertyValue('--' + name).trim();
    draw();
  };
  const series = i => colours['c' + (i % 8)];
  const DASHES = [[], [6, 3], [2, 2], [8, 3, 2, 3]];
  const faults = run.faults.filter(f => f.fired).map(f => ({from: f.at_s, to: f.healed_s === null ? f.at_s : f.healed_s, text: `${f.kind}: ${f.target}`, open: f.healed_s === null}));
  const niceStep = span => { const p = 10 ** Math.floor(Math.log10(span)); const m = span / p; return (m <= 1 ? 1 : m <= 2 ? 2 : m <= 5 ? 5 : 10) * p; };

  function chart(title, height, spec) {
    // spec: {draw(c, area), at(t, y, area) -> text, legend() -> [[colour, text]], label}
    const canvas = el('canvas', {tabindex: 0, role: 'img', 'aria-label': `${title}. ${spec.label || ''} Arrow keys move in time, plus and minus zoom, Escape shows the whole run.`});
    const legend = el('ul', {class: 'legend'});
    const figure = el('figure', {}, el('figcaption', {}, el('h3', {text: title}), legend), canvas);
    const one = {canvas, legend, height, spec, figure};
    charts.push(one);
    let dragged = null;
    const timeAt = event => { const box = canvas.getBoundingClientRect(); return view.from + (event.clientX - box.left - LEFT) / (box.width - LEFT - RIGHT) * (view.to - view.from); };
    canvas.addEventListener('pointermove', event => {
      const t = timeAt(event), box = canvas.getBoundingClientRect();
      if (dragged) { dragged.to = t; hover = null; draw(); return; }
      if (t < view.from || t > view.to) { hideTip(); return; }
      hover = t;
      draw();
      const active = faults.filter(f => t >= f.from && t <= Math.max(f.to, f.from + (view.to - view.from) / 200)).map(f => '⚡ ' + f.text);
      showTip(event.clientX, event.clientY, [seconds(t), spec.at(t, event.clientY - box.top, area(one)), ...active.slice(0, 6)].filter(Boolean).join('\n'));
    });
    canvas.addEventListener('pointerleave', () => { hover = null; hideTip(); draw(); });
    canvas.addEventListener('pointerdown', event => { if (event.button === 0) { dragged = {from: timeAt(event), to: timeAt(event)}; selection = dragged; canvas.setPointerCapture(event.pointerId); } });
    canvas.addEventListener('pointerup', () => {
      if (dragged && Math.abs(dragged.to - dragged.from) > (view.to - view.from) / 200) zoom(Math.min(dragged.from, dragged.to), Math.max(dragged.from, dragged.to));
      dragged = selection = null;
      draw();
    });
    canvas.addEventListener('dblclick', () => zoom(0, end));
    canvas.addEventListener('wheel', event => {
      if (!event.ctrlKey && !event.shiftKey && Math.abs(event.deltaY) < Math.abs(event.deltaX)) return;
      if (!event.ctrlKey && !event.altKey) return;  // the page scrolls
      event.preventDefault();
      around(timeAt(event), event.deltaY > 0 ? 1.25 : .8);
    }, {passive: false});
    canvas.addEventListener('keydown', event => {
      const span = view.to - view.from;
      if (event.key === 'ArrowLeft') move(-span / 8);
      else if (event.key === 'ArrowRight') move(span / 8);
      else if (event.key === '+' || event.key === '=') around((view.from + view.to) / 2, .7);
      else if (event.key === '-') around((view.from + view.to) / 2, 1.4);
      else if (event.key === 'Escape') zoom(0, end);
      else return;
      event.preventDefault();
    });
    return figure;
  }
  const zoom = (from, to) => { view.from = Math.max(0, from); view.to = Math.min(end, Math.max(to, view.from + end * 1e-5)); draw(); };
  const around = (t, factor) => { const span = Math.min((view.to - view.from) * factor, end); const from = Math.min(Math.max(t - (t - view.from) * span / (view.to - view.from), 0), end - span); zoom(from, from + span); };
  const move = by => { const span = view.to - view.from, from = Math.min(Math.max(view.from + by, 0), end - span); zoom(from, from + span); };
  const area = one => { const width = one.canvas.clientWidth; return {left: LEFT, top: 6, width: width - LEFT - RIGHT, height: one.height - 26, x: t => LEFT + (t - view.from) / (view.to - view.from) * (width - LEFT - RIGHT)}; };
  let hover = null, selection = null, queued = false;
  const tip = $('tip');
  const hideTip = () => { tip.hidden = true; };
  const showTip = (x, y, text) => {
    tip.textContent = text;
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    tip.style.left = Math.max(4, Math.min(x + 14, innerWidth - box.width - 8)) + 'px';
    tip.style.top = (y + 18 + box.height > innerHeight ? y - box.height - 10 : y + 18) + 'px';
  };
  function draw() { if (!queued) { queued = true; requestAnimationFrame(() => { queued = false; charts.forEach(paint); listEvents(); $('span').textContent = `${seconds(view.from)} to ${seconds(view.to)}`; }); } }
  function paint(one) {
    const box = one.canvas.getBoundingClientRect();
    const height = typeof one.spec.height === 'function' ? one.spec.height() : one.height;
    one.height = height;
    if (one.canvas.style.height !== height + 'px') one.canvas.style.height = height + 'px';
    if (box.bottom < -200 || box.top > innerHeight + 200) { one.stale = true; if (!printing) return; }
    const ratio = window.devicePixelRatio || 1, width = one.canvas.clientWidth;
    if (!width) return;
    if (one.canvas.width !== Math.round(width * ratio)) one.canvas.width = Math.round(width * ratio);
    if (one.canvas.height !== Math.round(height * ratio)) one.canvas.height = Math.round(height * ratio);
    const c = one.canvas.getContext('2d');
    c.setTransform(ratio, 0, 0, ratio, 0, 0);
    c.clearRect(0, 0, width, height);
    c.font = '11px system-ui, "DejaVu Sans", sans-serif';
    const a = area(one);
    c.save();
    c.beginPath();
    c.rect(a.left, 0, a.width, height);
    c.clip();
    for (const f of faults) {  // the band of every fault, under the data
      const x = a.x(f.from), w = Math.max(a.x(f.to) - x, 2);
      if (x > a.left + a.width || x + w < a.left) continue;
      c.fillStyle = colours.band;
      c.fillRect(x, a.top, w, a.height);
      c.fillStyle = colours.doubt;
      c.fillRect(x, a.top + a.height - 2, w, 2);
    }
    c.restore();
    const step = niceStep((view.to - view.from) / Math.max(2, a.width / 110));
    c.fillStyle = colours.soft;
    c.strokeStyle = colours.grid;
    c.lineWidth = 1;
    c.textAlign = 'center';
    c.textBaseline = 'top';
    for (let t = Math.ceil(view.from / step) * step; t <= view.to + 1e-9; t += step) {
      const x = Math.round(a.x(t)) + .5;
      c.beginPath(); c.moveTo(x, a.top); c.lineTo(x, a.top + a.height); c.stroke();
      c.fillText(+t.toFixed(6) + ' s', Math.min(Math.max(x, a.left + 12), a.left + a.width - 14), a.top + a.height + 5);
    }
    one.spec.draw(c, a);
    c.strokeStyle = colours.line;
    c.strokeRect(a.left + .5, a.top + .5, a.width - 1, a.height - 1);
    if (hover !== null) { c.strokeStyle = colours.ink; c.globalAlpha = .5; const x = Math.round(a.x(hover)) + .5; c.beginPath(); c.moveTo(x, a.top); c.lineTo(x, a.top + a.height); c.stroke(); c.globalAlpha = 1; }
    if (selection) { c.fillStyle = colours.focus; c.globalAlpha = .2; const x0 = a.x(selection.from), x1 = a.x(selection.to); c.fillRect(Math.min(x0, x1), a.top, Math.abs(x1 - x0), a.height); c.globalAlpha = 1; }
    one.legend.replaceChildren(...(one.spec.legend ? one.spec.legend() : []).map(([colour, text]) => { const i = el('i'); i.style.background = colour; return el('li', {}, i, text); }));
    one.drawn = (one.drawn || 0) + 1;
  }
  let printing = false;
  addEventListener('beforeprint', () => { printing = true; charts.forEach(paint); });
  addEventListener('afterprint', () => { printing = false; });
  addEventListener('resize', draw);
  addEventListener('scroll', () => { if (charts.some(one => one.stale)) { charts.forEach(one => { one.stale = false; }); draw(); } }, {passive: true});

  // Strips: rows of coloured spans. rows: [{name, spans: [{from, to, colour, text, thin}]}]
  const strips = (rows, rowHeight) => ({
    height: () => rows().length * rowHeight + 34,
    draw: (c, a) => {
      const list = rows();
      list.forEach((row, i) => {
        const y = a.top + i * rowHeight;
        c.textAlign = 'right'; c.textBaseline = 'middle'; c.fillStyle = colours.soft;
        c.fillText(row.name.length > 15 ? '…' + row.name.slice(-14) : row.name, LEFT - 6, y + rowHeight / 2, LEFT - 8);
        c.save(); c.beginPath(); c.rect(a.left, y, a.width, rowHeight); c.clip();
        for (const s of row.spans) {
          if (s.to < view.from || s.from > view.to) continue;
          const x = a.x(s.from), w = Math.max(a.x(s.to) - x, 1.5);
          c.fillStyle = s.colour();
          c.fillRect(x, y + (s.thin ? rowHeight - 5 : 2), w, s.thin ? 3 : rowHeight - (row.two ? 8 : 4));
          if (s.letter && s.always) {
            const wide = c.measureText(s.letter).width + 6 < w;
            c.fillStyle = wide ? colours.paper : colours.ink; c.textAlign = 'left';
            c.fillText(s.letter, wide ? Math.max(x, a.left) + 3 : x + w + 4, y + rowHeight / 2);
          } else if (s.letter && w > 12) { c.fillStyle = colours.paper; c.textAlign = 'left'; c.fillText(s.letter, Math.max(x, a.left) + 3, y + rowHeight / 2 - (row.two ? 2 : 0)); }
        }
        c.restore();
      });
    },
    at: (t, y, a) => { const list = rows(); const row = list[Math.floor((y - a.top) / rowHeight)]; return row ? [row.name, ...row.spans.filter(s => t >= s.from && t <= s.to).map(s => s.text)].join('\n') : ''; },
  });

  // Lines over a regular grid. get(): [{name, values, colour, dash}] with values[i] at the end of step i.
  const lines = (get, step, format, fixedMax) => ({
    draw: (c, a) => {
      const all = get();
      const from = Math.max(0, Math.floor(view.from / step) - 1), to = Math.ceil(view.to / step) + 1;
      let high = fixedMax || 0, low = 0;
      if (!fixedMax) {
        let first = true;
        for (const s of all) for (let i = from; i < Math.min(to, s.values.length); i++) if (s.values[i] >= 0) { high = first ? s.values[i] : Math.max(high, s.values[i]); low = first ? s.values[i] : Math.min(low, s.values[i]); first = false; }
        if (!all.fit) low = 0;
        if (high <= low) high = low + 1;
      }
      const y = v => a.top + a.height - (v - low) / (high - low) * (a.height - 8);
      c.textAlign = 'right'; c.textBaseline = 'middle'; c.fillStyle = colours.soft; c.strokeStyle = colours.grid;
      for (let k = 0; k <= 2; k++) { const v = low + (high - low) * k / 2; c.fillText(format(v), LEFT - 6, Math.min(Math.max(y(v), a.top + 6), a.top + a.height - 4), LEFT - 8); c.beginPath(); c.moveTo(a.left, Math.round(y(v)) + .5); c.lineTo(a.left + a.width, Math.round(y(v)) + .5); c.stroke(); }
      c.save(); c.beginPath(); c.rect(a.left, a.top, a.width, a.height); c.clip();
      for (const s of all) {
        c.strokeStyle = s.colour; c.lineWidth = s.width || 1.6; c.setLineDash(s.dash || []);
        c.beginPath();
        let pen = false;
        for (let i = from; i < Math.min(to, s.values.length); i++) {
          const v = s.values[i];
          if (v < 0 && all.fit) { pen = false; continue; }
          const px = a.x((i + 1) * step), py = y(v);
          if (pen) c.lineTo(px, py); else c.moveTo(px, py);
          pen = true;
        }
        c.stroke();
      }
      c.setLineDash([]); c.lineWidth = 1; c.restore();
    },
    at: t => { const i = Math.floor(t / step); return get().slice(0, 14).map(s => s.values[i] === undefined ? '' : `${s.name}: ${s.values[i] < 0 ? '–' : format(s.values[i])}`).filter(Boolean).join('\n'); },
    legend: () => get().filter((s, i, all) => all.findIndex(other => other.colour === s.colour && (other.group || other.name) === (s.group || s.name)) === i).slice(0, 16).map(s => [s.colour, s.group || s.name]),
  });

  const ev = line.events, total = ev.kind.length;
  const at = new Float64Array(total);
  for (let i = 0, t = 0; i < total; i++) { t += ev.at_us[i]; at[i] = t / 1e6; }
  const kindIs = name => ev.kinds.indexOf(name);

  const timelines = $('timelines');
  const picker = el('select', {'aria-label': 'Partition whose log is drawn', onchange: () => choose(+picker.value)},
    ...parts.map((p, i) => p.logs ? el('option', {value: i, text: p.name}) : null));
  timelines.append(el('h2', {id: 'timelines-title', text: 'What happened when'}),
    el('p', {class: 'note', text: 'Shaded: a fault was on. Drag over a chart to zoom in, double click for the whole run; on the keyboard + − ← → Esc.'}),
    el('div', {class: 'bar'}, el('button', {type: 'button', text: '−', 'aria-label': 'Zoom out', onclick: () => around((view.from + view.to) / 2, 1.6)}),
      el('button', {type: 'button', text: '+', 'aria-label': 'Zoom in', onclick: () => around((view.from + view.to) / 2, .6)}),
      el('button', {type: 'button', text: 'Whole run', onclick: () => zoom(0, end)}), el('span', {id: 'span', class: 'soft'})));

  // Faults: in as few rows as they fit in without touching.
  const faultRows = [];
  for (const f of [...faults].sort((x, y) => x.from - y.from)) {
    const to = Math.max(f.to, f.from + end / 200);
    let row = faultRows.find(one => one.free <= f.from);
    if (!row) { row = {name: faultRows.length ? '' : 'faults', free: 0, spans: []}; faultRows.push(row); }
    row.free = Math.max(to, f.from + end / 8);  // room for its name
    row.spans.push({from: f.from, to, letter: f.text.split(':')[0].replaceAll('_', ' '), always: true, colour: () => colours.doubt, text: `${f.text}, ${seconds(f.from)}${f.open ? '' : ' to ' + seconds(f.to)}`});
  }
  if (faultRows.length) timelines.append(chart('Faults', 0, {...strips(() => faultRows, 18), label: `${faults.length} faults: ${faults.slice(0, 12).map(f => `${f.text} at ${seconds(f.from)}`).join('; ')}.`}));

  // Brokers: what state each was in.
  const states = {
    'broker running': ['running', () => colours.good, ''], 'broker resumed': ['running', () => colours.good, ''], 'broker started': ['starting', () => colours.c5, 's'],
    'broker fenced': ['fenced', () => colours.doubt, 'f'], 'broker paused': ['paused', () => colours.c3, 'p'], 'broker killed': ['killed', () => colours.bad, '×'],
    'broker stopped': ['stopped', () => colours.c7, '–'], 'kernel panicked': ['panicked', () => colours.bad, '×'], 'power lost': ['without power', () => colours.bad, '×']};
  const brokerRows = line.brokers.map((host, id) => ({name: host, spans: [{from: 0, to: end, colour: states['broker running'][1], text: 'running', letter: ''}]}));
  const controllerRows = line.controllers.map(host => ({name: host, spans: []}));
  for (let i = 0; i < total; i++) {
    const kind = ev.kinds[ev.kind[i]], row = brokerRows[ev.who[i]];
    // The controller fences whom it does not hear; a broker that is down, paused or gone stays that until it says something itself.
    const now = row && row.spans[row.spans.length - 1].text;
    if (row && states[kind] && ev.partition[i] < 0 && !(kind === 'broker fenced' && now !== 'running' && now !== 'starting')) {
      row.spans[row.spans.length - 1].to = at[i];
      row.spans.push({from: at[i], to: end, text: states[kind][0], colour: states[kind][1], letter: states[kind][2]});
    }
    const control = controllerRows[ev.who[i]];
    if (control && kind.startsWith('controller ')) {
      const last = control.spans[control.spans.length - 1];
      if (last && last.to === end) last.to = at[i];
      if (kind === 'controller active') control.spans.push({from: at[i], to: end, text: 'active, epoch ' + ev.value[i], colour: () => colours.c0, letter: 'active'});
      if (kind === 'controller stopped') control.spans.push({from: at[i], to: end, text: 'stopped (until its next sign of life)', colour: () => colours.line, letter: ''});
    }
  }
  timelines.append(chart('Brokers', 0, {...strips(() => brokerRows, 20), label: `${brokerRows.length} brokers and their states over time.`,
    legend: () => [[colours.good, 'running'], [colours.doubt, 'fenced (f)'], [colours.c3, 'paused (p)'], [colours.c5, 'starting (s)'], [colours.bad, 'down (×)']]}));
  if (controllerRows.length) timelines.append(chart('Controllers', 0, {...strips(() => controllerRows, 18), label: 'Which controller was active.', legend: () => [[colours.c0, 'active'], [colours.line, 'stopped']]}));

  // Leadership and ISR of the worst partitions.
  const leaderRows = own.slice(0, 30).map(p => {
    const spans = [];
    p.leadership.forEach(([from, leader, epoch, isr, unclean], i) => {
      const to = i + 1 < p.leadership.length ? p.leadership[i + 1][0] : end;
      spans.push({from, to, letter: leader < 0 ? 'none' : String(leader) + (unclean ? ' unclean' : ''), colour: () => leader < 0 ? colours.bad : series(leader),
        text: (leader < 0 ? 'no leader' : `led by broker ${leader}`) + `, epoch ${epoch}${unclean ? ', elected uncleanly' : ''}`});
      spans.push({from, to, thin: true, colour: () => isr.length < p.min_isr ? colours.bad : isr.length < p.replicas.length ? colours.doubt : colours.good,
        text: `ISR ${isr.join(', ') || 'empty'}${isr.length < p.min_isr ? ' (below min ISR)' : ''}`});
    });
    return {name: p.name, spans, two: true};
  });
  timelines.append(chart('Leadership (bar) and ISR (line below it)' + (own.length > 30 ? `, 30 worst of ${own.length}` : ''), 0, {...strips(() => leaderRows, 22), label: 'Leader of each partition over time; below it whether the ISR was full.',
    legend: () => [...line.brokers.slice(0, 8).map((name, i) => [series(i), `${i} = ${name}`]), [colours.bad, 'no leader, or ISR below min'], [colours.doubt, 'ISR smaller'], [colours.good, 'ISR full']]}));

  // Log ends and high watermarks of the chosen partition.
  const undone = steps => { let sum = 0; return steps.map(step => sum += step); };
  const logCache = new Map();
  const logLines = () => {
    const p = parts[chosen];
    if (!p || !p.logs) return [];
    if (!logCache.has(chosen)) logCache.set(chosen, p.logs.map(r => ({broker: r.broker, leo: undone(r.leo), hw: undone(r.hw)})));
    const all = logCache.get(chosen).flatMap(r => [
      {name: `LEO on ${r.broker}`, group: line.brokers[r.broker] || `broker ${r.broker}`, values: r.leo, colour: series(r.broker), dash: DASHES[0]},
      {name: `HW on ${r.broker}`, group: line.brokers[r.broker] || `broker ${r.broker}`, values: r.hw, colour: series(r.broker), dash: DASHES[2], width: 1.2}]);
    all.fit = true;
    return all;
  };
  const logFigure = chart('Log end (solid) and high watermark (dotted) of each replica', 190, {...lines(logLines, line.bin_s, count), label: 'Offsets of the chosen partition.'});
  logFigure.querySelector('figcaption').append(picker);
  timelines.append(logFigure);

  const perBin = values => values.map(v => v / line.bin_s);
  const through = [['acknowledged', perBin(line.acknowledged), 'c0', 0], ['consumed', perBin(line.consumed), 'c2', 1], ['failed', perBin(line.failed), 'bad', 2]].filter(([, values]) => values.some(v => v > 0));
  timelines.append(chart('Throughput', 150, {...lines(() => through.map(([name, values, colour, dash]) => ({name: name + ' records', values, colour: colours[colour], dash: DASHES[dash]})), line.bin_s, perSecond), label: 'Records per second.'}));

  // Latency heat map.
  const cells = line.latency.cells, bounds = line.latency.bounds_ms;
  let lowest = 63, highest = 0, most = 1;
  for (let i = 0; i < cells.length; i += 3) { lowest = Math.min(lowest, cells[i + 1]); highest = Math.max(highest, cells[i + 1]); most = Math.max(most, cells[i + 2]); }
  if (lowest > highest) { lowest = 0; highest = 16; }
  const mix = share => { const hex = text => [1, 3, 5].map(k => parseInt(text.slice(k, k + 2), 16)); const [x, y] = [hex(colours.heat0), hex(colours.heat1)]; return `rgb(${x.map((v, i) => Math.round(v + (y[i] - v) * share)).join(',')})`; };
  timelines.append(chart('Produce latency: how many records took how long (intended send to final outcome)', 200, {
    draw: (c, a) => {
      const rows = highest - lowest + 1, h = a.height / rows;
      c.save(); c.beginPath(); c.rect(a.left, a.top, a.width, a.height); c.clip();
      const shades = Array.from({length: 33}, (_, k) => mix(.12 + .88 * k / 32));
      const w = Math.ceil(a.x(line.bin_s) - a.x(0)) + .5;
      for (let i = 0; i < cells.length; i += 3) {
        const t = cells[i] * line.bin_s;
        if (t + line.bin_s < view.from || t > view.to) continue;
        c.fillStyle = shades[Math.round(Math.log(cells[i + 2] + 1) / Math.log(most + 1) * 32)];
        c.fillRect(a.x(t), a.top + (highest - cells[i + 1]) * h, w, Math.ceil(h));
      }
      c.restore();
      c.textAlign = 'right'; c.textBaseline = 'middle'; c.fillStyle = colours.soft;
      for (let b = lowest; b <= highest; b++) if ((b - 1) % 8 === 0 && b > 0) c.fillText(millis(bounds[b]), LEFT - 6, Math.min(a.top + (highest - b + 1) * h, a.top + a.height - 4), LEFT - 8);
    },
    at: (t, y, a) => {
      const bin = Math.floor(t / line.bin_s), bucket = highest - Math.floor((y - a.top) / a.height * (highest - lowest + 1));
      for (let i = 0; i < cells.length; i += 3) if (cells[i] === bin && cells[i + 1] === bucket) return `${count(cells[i + 2])} records took ${millis(bounds[bucket])} to ${bucket < 63 ? millis(bounds[bucket + 1]) : 'more'}`;
      return '';
    },
    legend: () => [[mix(.12), 'few'], [mix(1), `many (up to ${count(most)} per ${millis(line.bin_s * 1000)})`]],
    label: `Median ${millis(produce.p50_ms)}, 99th percentile ${millis(produce.p99_ms)}.`}));

  // Machines: brokers first.
  const machines = [...line.hosts].sort((x, y) => (line.brokers.includes(y.name) ? 1 : 0) - (line.brokers.includes(x.name) ? 1 : 0)).slice(0, 8);
  const hostLines = (field, factor = 1) => machines.map((h, i) => ({name: h.name, values: factor === 1 ? h[field] : h[field].map(v => v * factor), colour: series(i), dash: DASHES[Math.floor(i / 8) % 4]}));
  const percent = v => digits(v * 100, 0) + ' %';
  const cached = (field, factor) => { let kept = null; return () => { if (!kept || kept.scheme !== scheme) { kept = hostLines(field, factor); kept.scheme = scheme; } return kept; }; };
  const device = (title, field, format, label, max, factor) => timelines.append(chart(title, 120, {...lines(cached(field, factor), line.sample_s, format, max), label}));
  device('Disk: share of time busy', 'disk_busy', percent, 'The busiest disk of each machine.', 1);
  device('Disk: bytes written per second', 'written_bytes', rate, 'All disks of each machine.', 0, 1 / line.sample_s);
  device('Page cache: dirty bytes', 'dirty', bytes, 'Waiting to be written back.');
  device('Page cache: bytes cached', 'cached', bytes, 'Resident, dirty ones included.');
  device('Network card: bytes sent per second', 'out_bytes', rate, 'Payload.');
  device('Network card: share of time busy', 'nic_busy', percent, 'The busier direction.', 1);
  device('Processor: cores at work', 'cpu_cores', v => digits(v, v < 10 ? 2 : 0), 'Work done, in cores of the reference machine.');

  // ---- Events: a list of any length, of which only what is seen is in the page.
  const kinds = [...new Set(ev.kind)].sort((x, y) => ev.kinds[x] < ev.kinds[y] ? -1 : 1);
  const kindPicker = el('select', {'aria-label': 'Kind of event', onchange: () => { filterEvents(); }}, el('option', {value: '', text: 'all kinds'}), ...kinds.map(k => el('option', {value: k, text: ev.kinds[k]})));
  const inView = el('input', {type: 'checkbox', id: 'in-view', onchange: () => filterEvents()});
  const rowsBox = el('div', {style: 'position:relative'}), list = el('div', {class: 'list', tabindex: 0, role: 'region', 'aria-label': 'Events in order of time; scroll with the arrow keys'}, rowsBox);
  const counted = el('span', {class: 'soft', role: 'status'});
  let listed = [], seenView = '';
  $('events').append(el('h2', {id: 'events-title', text: 'Events'}),
    el('div', {class: 'bar'}, kindPicker, el('label', {for: 'in-view'}, inView, ' only of the time shown above'), counted), list);
  const whoOf = i => {
    const kind = ev.kinds[ev.kind[i]], who = ev.who[i];
    if (who < 0) return '';
    if (kind.startsWith('controller')) return line.controllers[who] || 'controller ' + who;
    if (['consumer\'s offset reset', 'member removed', 'client restarted'].includes(kind)) return line.clients[who] || 'client ' + who;
    return line.brokers[who] || 'broker ' + who;
  };
  const valueText = {'leader elected': 'epoch', 'unclean election': 'epoch', 'no leader': 'epoch', 'ISR changed': 'members', 'log truncated': 'records', 'stored batch lost': 'records', 'log recovered': 'bytes scanned',
    'log directory failed': 'replicas offline', 'corrupt batch read': 'offset', 'fetch refused': 'epoch asked', 'log start moved': 'new start', 'controller active': 'epoch', 'consumer\'s offset reset': 'new position', 'group generation': 'members'};
  function filterEvents() {
    const kind = kindPicker.value === '' ? null : +kindPicker.value;
    listed = [];
    for (let i = 0; i < total; i++) if ((kind === null || ev.kind[i] === kind) && (!inView.checked || (at[i] >= view.from && at[i] <= view.to))) listed.push(i);
    counted.textContent = `${count(listed.length)} of ${count(total)} events` + (ev.left_out ? `; ${count(ev.left_out)} more were not kept` : '');
    rowsBox.style.height = Math.min(listed.length * 24, 8e6) + 'px';
    seenRows = '';
    listEvents();
  }
  let seenRows = '';
  function listEvents() {
    const now = inView.checked ? view.from + ' ' + view.to : '';
    if (now !== seenView) { seenView = now; filterEvents(); return; }
    const first = Math.max(0, Math.floor(list.scrollTop / 24) - 4), last = Math.min(listed.length, first + 24);
    if (seenRows === first + ' ' + last) return;
    seenRows = first + ' ' + last;
    rowsBox.replaceChildren(...listed.slice(first, last).map((i, k) => {
      const row = el('div', {class: 'row'}, el('span', {text: at[i].toFixed(6) + ' s'}), el('span', {text: ev.kinds[ev.kind[i]]}), el('span', {text: whoOf(i)}),
        el('span', {text: ev.partition[i] < 0 ? '' : line.partition_names[ev.partition[i]] || ''}), el('span', {text: valueText[ev.kinds[ev.kind[i]]] ? `${count(ev.value[i])} ${valueText[ev.kinds[ev.kind[i]]]}` : ''}));
      for (const cell of row.children) cell.title = cell.textContent;  // long names are cut
      row.style.top = (first + k) * 24 + 'px';
      return row;
    }));
  }
  list.addEventListener('scroll', listEvents, {passive: true});

  // ---- Details.
  const details = $('details');
  details.append(el('h2', {id: 'details-title', text: 'Details'}));
  if (run.faults.length) details.append(openWhen(true, `Faults (${run.faults.length})`, table('What was done to the system', [['Kind'], ['Target'], ['At', true], ['Healed', true], ['Fired'], ['Had effect']],
    run.faults.map(f => [f.kind, f.target, seconds(f.at_s), f.healed_s === null ? '–' : seconds(f.healed_s), f.fired ? 'yes' : 'no', f.had_effect ? 'yes' : 'no']))));
  if (run.unavailable.length) details.append(openWhen(true, `Unavailable windows (${run.unavailable.length})`, table('Longest first', [['What'], ['Of'], ['From', true], ['To', true], ['Length', true]],
    [...run.unavailable].sort((x, y) => (y.to_s - y.from_s) - (x.to_s - x.from_s)).slice(0, 100).map(w => [w.what.replaceAll('_', ' '), w.of, seconds(w.from_s), seconds(w.to_s) + (w.open ? ' (not over)' : ''), seconds(w.to_s - w.from_s)]))));
  if (run.recoveries.length) details.append(openWhen(false, `Leaders lost and replaced (${run.recoveries.length})`, table('', [['Partition'], ['Lost broker', true], ['How'], ['Stopped', true], ['Successor', true], ['Elected', true], ['First acknowledgement', true]],
    run.recoveries.slice(0, 200).map(r => [r.of, r.lost, r.how.replaceAll('_', ' '), seconds(r.stopped_s), r.successor < 0 ? '–' : r.successor, r.elected_s === null ? '–' : seconds(r.elected_s), r.acknowledged_s === null ? '–' : seconds(r.acknowledged_s)]))));
  details.append(openWhen(false, `Laws (${run.checks.filter(k => k.verdict === 'violated').length} violated of ${run.checks.length})`, table('', [['Law'], ['Verdict'], ['What it says'], ['Detail']],
    [...run.checks].sort((x, y) => (x.verdict === 'violated' ? 0 : 1) - (y.verdict === 'violated' ? 0 : 1)).map(k => [k.id, verdictOf(k.verdict), k.title, k.detail]))));
  const latencyRow = (name, l) => [name, count(l.count), ...['mean_ms', 'p50_ms', 'p95_ms', 'p99_ms', 'p999_ms', 'max_ms'].map(q => l.count ? millis(l[q]) : '–')];
  const names = {produce: 'produce (intended send to outcome)', produce_ok: 'produce_ok (actual send to success)', end_to_end: 'end to end (intended send to delivery)'};
  details.append(openWhen(true, 'Latency', table('n beside every quantile', [['Latency'], ['n', true], ['Mean', true], ['p50', true], ['p95', true], ['p99', true], ['p99.9', true], ['Max', true]],
    [...Object.entries(names).map(([key, name]) => latencyRow(name, run.latency[key])), ...['before', 'during', 'after'].map(phase => latencyRow(`produce, ${phase} the faults`, run.latency_phases.produce[phase]))])));
  for (const [title, texts] of [['Warnings', run.warnings], ['Notes', run.notes], ['Overrides', run.overrides]])
    if (texts.length) details.append(openWhen(title === 'Warnings', `${title} (${texts.length})`, el('ul', {}, ...texts.map(text => el('li', {text})))));
  if (head.scenario) details.append(openWhen(false, 'The scenario, as it was run', el('p', {class: 'note', text: 'Save it as scenario.json to repeat the run: brokersim run scenario.json --seed ' + run.seed}), el('pre', {}, el('code', {text: head.scenario}))));
  $('foot').append(el('p', {text: `brokersim · ${run.scenario} · seed ${run.seed} · the same seed gives the same run, bit for bit: fingerprint ${run.fingerprint}`}), el('p', {}, el('code', {text: head.replay})));

  // ---- Begin.
  chosen = parts.findIndex(p => p.logs && !p.internal);
  if (chosen < 0) chosen = parts.findIndex(p => p.logs);
  if (chosen >= 0) { picker.value = String(chosen); if (partitionRows[chosen]) partitionRows[chosen].setAttribute('aria-selected', 'true'); }
  const dark = matchMedia('(prefers-color-scheme: dark)');
  dark.addEventListener('change', event => setScheme(event.matches ? 'dark' : 'light'));
  filterEvents();
  setScheme(dark.matches ? 'dark' : 'light');
  window.brokersimReport = {charts, events: total, zoom, paintAll: () => { printing = true; charts.forEach(paint); printing = false; }};
})();
