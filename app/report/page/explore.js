// The page of an exploration: what was found, how often, and the lines that replay and shrink it; what was reached, and what never.
(() => {
  const search = data('page-data');
  const found = search.findings, probes = Object.entries(search.probes);
  const cold = probes.filter(([, n]) => n === 0).map(([name]) => name);
  const schemeButton = el('button', {type: 'button', onclick: () => setScheme(scheme === 'dark' ? 'light' : 'dark')});
  add($('top'),
    el('div', {class: 'bar'}, el('span', {class: 'badge ' + (found.length ? 'bad' : 'good'), text: found.length ? `✗ ${count(found.length)} finding${found.length > 1 ? 's' : ''}` : '✓ Nothing found'}),
      el('span', {class: 'soft', text: `${count(search.runs)} runs, ${digits(search.simulated_seconds / 3600, 2)} h simulated in ${digits(search.cpu_seconds, 1)} s of processor time, search seed ${search.seed}`}), schemeButton),
    el('h1', {text: search.title}));
  const tile = (value, what) => el('li', {}, el('b', {text: value}), el('span', {text: what}));
  const main = $('main');
  main.append(el('section', {id: 'answer', 'aria-labelledby': 'answer-title'}, el('h2', {id: 'answer-title', text: 'What the search came to'}),
    el('ul', {class: 'tiles'}, tile(count(search.failing), `failing of ${count(search.runs)} runs`), tile(count(search.cells), 'cells of the map reached'), tile(count(search.corpus), 'trials kept to be changed'),
      tile(`${count(probes.length - cold.length)} of ${count(probes.length)}`, 'probes reached'), tile(count(search.invalid), 'trials that were no scenarios'), tile(count(search.cut_short), 'trials cut short, not judged')),
    search.interrupted ? el('p', {class: 'doubt', text: 'The search was interrupted; the same command goes on.'}) : null,
    found.length || !search.runs ? null : el('p', {text: `No failure: the share of such runs that fail is below ${digits(300 / search.runs, 2)} % (95 %).`})));
  const list = el('section', {'aria-labelledby': 'findings-title'}, el('h2', {id: 'findings-title', text: `Findings (${count(found.length)})`}));
  if (!found.length) list.append(el('p', {class: 'note', text: 'None.'}));
  for (const f of found)
    list.append(el('article', {class: 'story'}, el('h3', {text: f.signature}),
      el('p', {text: f.story}),
      el('p', {class: 'note', text: `Breaks ${f.breaks.join(', ')}; seen ${count(f.seen)} times, first after ${count(f.runs_until_found)} runs and ${digits(f.cpu_seconds_until_found, 1)} s of processor time. If its share is what was seen, ${count(f.clean_runs_needed)} runs without it come by luck once in 100.`}),
      el('p', {}, el('code', {text: f.replay})), el('p', {}, el('code', {text: f.shrink}))));
  main.append(list);
  main.append(el('section', {'aria-labelledby': 'probes-title'}, el('h2', {id: 'probes-title', text: 'Rare states reached'}),
    table('How often all runs together reached each; what was never reached was not tested', [['Probe'], ['Hits', true]],
      [...probes].sort((a, b) => a[1] - b[1]).map(([name, n]) => [n ? name : el('b', {class: 'doubt', text: `${name} (never)`}), count(n)]))));
  $('foot').append(el('p', {text: `brokersim · search ${search.search}`}));
  let scheme = 'light';
  const setScheme = wanted => { scheme = wanted; document.documentElement.dataset.scheme = wanted; schemeButton.textContent = wanted === 'dark' ? 'Light' : 'Dark'; };
  const dark = matchMedia('(prefers-color-scheme: dark)');
  dark.addEventListener('change', event => setScheme(event.matches ? 'dark' : 'light'));
  setScheme(dark.matches ? 'dark' : 'light');
  window.brokersimReport = {findings: found.length};
})();
