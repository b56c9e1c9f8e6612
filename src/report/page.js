// page.js - the charts of --html: timelines side by side, one zoom and one cursor for all, and
// latencies.  No library: what has to be drawn is polygons of at most a thousand points, and the
// page has to open from a disk for years.
'use strict';
(function () {
const D = JSON.parse(document.getElementById('data').textContent);
const KILL = 0, OOM = 1, DELAY = 2, ACTION = 3, MARK = 4, TRIGGER = 5, LIMIT = 6, COMMAND = 7;
const HIGH = 2; // detail of a LIMIT: memory.high; otherwise memory.max
const LEFT = 52, RIGHT = 10, STACK = 170, STRIP = 88, NAME = 18, AXIS = 18, MANY = 12;
const sessions = D.cgroups.map((c, i) => i).filter(i => D.cgroups[i].session);
const hidden = new Set();
const end = Math.max(...D.runs.map(r => r.end), 1e-9);
const state = {from: 0, to: end, cursor: null, rep: 0, all: sessions.length <= MANY};
const colour = i => 'var(--s' + sessions.indexOf(i) % 8 + ')';
const $ = id => document.getElementById(id);

function el(name, attrs, parent, text) {
	const svg = /^(svg|g|path|line|rect|text|circle|title)$/.test(name);
	const e = svg ? document.createElementNS('http://www.w3.org/2000/svg', name) : document.createElement(name);
	for (const k in attrs || {}) e.setAttribute(k, attrs[k]);
	if (text !== undefined) e.textContent = text;
	if (parent) parent.appendChild(e);
	return e;
}

// ---- figures for people

function digits(v) {
	const s = v >= 100 || v === 0 ? v.toFixed(0) : v >= 10 ? v.toFixed(1) : v.toFixed(2);
	return s.includes('.') ? s.replace(/\.?0+$/, '') : s;
}
function size(bytes) {
	for (const [unit, one] of [['G', 2 ** 30], ['M', 2 ** 20], ['K', 2 ** 10]])
		if (bytes >= one) return digits(bytes / one) + unit;
	return bytes + 'B';
}
// All labels of an axis in the unit of its step: 500M, 1000M, 1500M.
function sizeTick(v, step) {
	for (const [unit, one] of [['G', 2 ** 30], ['M', 2 ** 20], ['K', 2 ** 10]])
		if (step >= one) return v / one + unit;
	return v + 'B';
}
function time(s) {
	if (s >= 60) {
		const m = Math.floor(s / 60), rest = s - m * 60;
		return m + 'm' + (rest >= .05 ? digits(rest) + 's' : '');
	}
	if (s >= 1 || s === 0) return digits(s) + 's';
	return s >= 1e-3 ? digits(s * 1e3) + 'ms' : digits(s * 1e6) + 'us';
}
function nice(span, n) {
	const raw = span / n, p = 10 ** Math.floor(Math.log10(raw));
	for (const k of [1, 2, 5, 10]) if (k * p >= raw) return k * p;
	return raw;
}
function niceTime(span, n) {
	for (const k of [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 86400])
		if (span / n <= k && span / n > .5) return k;
	return nice(span, n);
}
function niceSize(span, n) {
	for (let unit = 1024; ; unit *= 1024)
		for (const k of [1, 2, 5, 10, 20, 50, 100, 200, 250, 500])
			if (unit * k * n >= span) return unit * k;
}

// ---- what a run says

function usage(run, cg, t) { // the highest in the bucket that t is in, or null
	const i = Math.floor(t / run.width), v = run.max[cg];
	return v && i < v.length && v[i] >= 0 ? v[i] * 1024 : null;
}
// Limits over time: [[from, bytes], ...]; null bytes = none.
function limits(run, cg, which) {
	const p = D.policies[run.policy];
	const steps = [[0, p ? p.limits[cg][which] : null]];
	for (const e of run.events)
		if (e[0] === LIMIT && e[3] === cg && (e[6] === HIGH) === (which === 'high')) steps.push([e[1], e[5] < 0 ? null : e[5]]);
	return steps;
}
function limitAt(steps, t) {
	let v = null;
	for (const [from, bytes] of steps) if (from <= t) v = bytes;
	return v;
}
// "call 3, 12.5s, peak 300M, timed out"
function callText([, , len, , , peak, status, call]) {
	return `call ${call + 1}, ${time(len)}` + (peak > 0 ? `, peak ${size(peak)}` : '') + (status ? ', ' + D.ended[status] : '');
}
function runOf(policy) {
	const runs = D.runs.filter(r => r.policy === policy);
	return runs.find(r => r.rep === state.rep) || runs[0];
}

// ---- one chart

class Chart {
	constructor(card, run, cgs, height, label) {
		this.run = run; this.cgs = cgs; this.h = height; this.label = label; this.card = card;
		this.svg = el('svg', {tabindex: 0, role: 'img', height: height}, card);
		this.svg.addEventListener('pointermove', e => this.move(e));
		this.svg.addEventListener('pointerleave', () => { if (this.drag === undefined) setCursor(null); });
		this.svg.addEventListener('pointerdown', e => this.down(e));
		this.svg.addEventListener('pointerup', e => this.up(e));
		this.svg.addEventListener('pointercancel', () => { this.drag = undefined; draw(); });
		this.svg.addEventListener('dblclick', () => zoom(0, end));
		this.svg.addEventListener('keydown', e => this.key(e));
		this.svg.addEventListener('blur', () => setCursor(null));
	}
	get stack() { return this.cgs.length > 1 || this.cgs[0] === 0; }
	x(t) { return LEFT + (t - state.from) / (state.to - state.from) * (this.w - LEFT - RIGHT); }
	get head() { return this.stack ? 8 : NAME; } // above the plot
	y(v) { return this.h - AXIS - v / this.top * (this.h - AXIS - this.head); }
	t(e) {
		const r = this.svg.getBoundingClientRect();
		const at = (e.clientX - r.left - LEFT) / Math.max(1, r.width - LEFT - RIGHT);
		return state.from + Math.min(1, Math.max(0, at)) * (state.to - state.from);
	}
	down(e) {
		if (e.button) return;
		this.drag = this.t(e);
		this.svg.setPointerCapture(e.pointerId);
	}
	move(e) { setCursor(this.t(e), this, e); }
	up(e) {
		const a = this.drag, b = this.t(e);
		this.drag = undefined;
		if (a !== undefined && Math.abs(b - a) > (state.to - state.from) / 100) zoom(Math.min(a, b), Math.max(a, b));
		else draw();
	}
	key(e) {
		const span = state.to - state.from;
		const at = state.cursor === null ? (state.from + state.to) / 2 : state.cursor;
		const moves = {ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10};
		const go = t => {
			if (t < state.from || t > state.to) {
				const from = Math.min(end - span, Math.max(0, t - span / 2));
				state.from = from; state.to = from + span;
			}
			setCursor(t, this);
		};
		if (e.key in moves) go(Math.min(end, Math.max(0, at + moves[e.key] * span / 100)));
		else if (e.key === 'n' || e.key === 'p') {
			const from = state.cursor === null ? (e.key === 'n' ? -1 : Infinity) : state.cursor;
			const times = this.run.events.filter(v => (v[0] === COMMAND || v[0] === KILL) && (this.stack ? !hidden.has(v[3]) : v[3] === this.cgs[0])).map(v => v[1]);
			const there = e.key === 'n' ? times.filter(t => t > from + 1e-9) : times.filter(t => t < from - 1e-9);
			if (there.length) go(e.key === 'n' ? Math.min(...there) : Math.max(...there));
		} else if (e.key === '+' || e.key === '=') zoom(at - span / 4, at + span / 4);
		else if (e.key === '-') zoom(at - span, at + span);
		else if (e.key === '0' || e.key === 'Home') zoom(0, end);
		else if (e.key === 'Escape') setCursor(null);
		else return;
		e.preventDefault();
	}

	// Buckets in view, at most one a pixel: peaks of those that share one are kept.
	columns(cg) {
		const v = this.run.max[cg], lo = this.run.min[cg], w = this.run.width, out = [];
		if (!v) return out;
		const a = Math.max(0, Math.floor(state.from / w)), b = Math.min(v.length, Math.ceil(state.to / w) + 1);
		const step = Math.max(1, Math.floor((b - a) / Math.max(1, this.w)));
		for (let i = a; i < b; i += step) {
			let max = -1, min = Infinity;
			for (let k = i; k < Math.min(b, i + step); k++) {
				if (v[k] < 0) continue;
				max = Math.max(max, v[k]);
				min = Math.min(min, lo ? lo[k] : v[k]);
			}
			if (max >= 0) out.push([i * w, Math.min((i + step) * w, this.run.end), max * 1024, min * 1024]);
		}
		return out;
	}
	grid() {
		el('title', {}, this.svg, this.label);
		this.svg.setAttribute('aria-label', this.label);
		const n = this.h > 100 ? 4 : 2, step = niceSize(this.top, n);
		for (let v = 0; v <= this.top; v += step) {
			el('line', {class: 'grid', x1: LEFT, x2: this.w - RIGHT, y1: this.y(v), y2: this.y(v)}, this.svg);
			el('text', {x: LEFT - 6, y: this.y(v) + 4, 'text-anchor': 'end'}, this.svg, v ? sizeTick(v, step) : '0');
		}
		const ts = niceTime(state.to - state.from, Math.max(2, this.w / 110));
		for (let t = Math.ceil(state.from / ts - 1e-9) * ts; t <= state.to + 1e-9; t += ts)
			el('text', {x: this.x(t), y: this.h - 4, 'text-anchor': this.x(t) > this.w - 30 ? 'end' : 'middle'}, this.svg, time(+t.toPrecision(10)));
	}
	area(points, base, fill) { // points, base: [[t, t2, v]], of the same times
		if (!points.length) return;
		let d = 'M' + this.x(points[0][0]) + ' ' + this.y(base(0));
		points.forEach(p => { d += 'L' + this.x(p[0]) + ' ' + this.y(p[2]) + 'L' + this.x(p[1]) + ' ' + this.y(p[2]); });
		for (let i = points.length; i-- > 0;) d += 'L' + this.x(points[i][1]) + ' ' + this.y(base(i)) + 'L' + this.x(points[i][0]) + ' ' + this.y(base(i));
		el('path', {d: d + 'Z', style: 'fill:' + fill, 'fill-opacity': .8}, this.clip);
	}
	line(steps, cls, what) {
		let d = '';
		steps.forEach(([from, bytes], i) => {
			const to = i + 1 < steps.length ? steps[i + 1][0] : this.run.end;
			if (bytes === null || bytes > this.top || to < state.from || from > state.to) return;
			d += 'M' + this.x(Math.max(from, state.from)) + ' ' + this.y(bytes) + 'L' + this.x(Math.min(to, state.to)) + ' ' + this.y(bytes);
		});
		if (!d) return;
		const p = el('path', {class: cls, d: d}, this.clip);
		el('title', {}, p, what);
	}
	events() {
		for (const e of this.run.events) {
			const [kind, t, len, cg, worker, value, detail] = e;
			if (t + len < state.from || t > state.to) continue;
			const own = this.stack ? sessions.includes(cg) && !hidden.has(cg) : cg === this.cgs[0];
			const x = this.x(Math.max(t, state.from)), x2 = this.x(Math.min(t + len, state.to));
			if (kind === KILL && own) {
				const y = this.head + 8;
				const p = el('path', {class: 'kill', d: `M${x - 6} ${y - 8}L${x + 6} ${y - 8}L${x} ${y + 4}Z`}, this.clip);
				el('title', {}, p, `${D.cgroups[cg].name} killed at ${time(t)}${detail === 0 ? ' by the OOM killer' : ''}`);
				el('line', {class: 'limit', x1: x, x2: x, y1: y, y2: this.h - AXIS}, this.clip);
			} else if (kind === DELAY && own && !this.stack) {
				const p = el('rect', {class: 'delay', x: x, y: this.head, width: Math.max(1, x2 - x), height: this.h - AXIS - this.head}, this.clip);
				el('title', {}, p, `${value} delay${value === 1 ? '' : 's'}, ${time(t)} to ${time(t + len)}`);
			} else if (kind === ACTION && own && !this.stack && len > 0 && D.calls.includes(detail)) {
				const p = el('rect', {class: 'call', x: x, y: this.h - AXIS - 3, width: Math.max(1, x2 - x), height: 3}, this.clip);
				el('title', {}, p, `${D.ops[detail]} ${time(t)} to ${time(t + len)}`);
			} else if (kind === COMMAND && own && !this.stack) {
				const p = el('rect', {class: detail ? 'tool bad' : 'tool', x: x, y: this.h - AXIS - 9, width: Math.max(2, x2 - x), height: 6}, this.clip);
				el('title', {}, p, `${callText(e)}, from ${time(t)}`);
			} else if (kind === MARK || kind === TRIGGER) {
				const p = el('line', {class: 'mark', x1: x, x2: x, y1: this.head, y2: this.h - AXIS}, this.clip);
				el('title', {}, p, kind === MARK ? 'mark ' + D.marks[value] : 'a condition came true');
			}
		}
	}
	draw() {
		const w = this.svg.clientWidth || this.card.clientWidth || 400;
		this.w = w;
		this.svg.setAttribute('viewBox', `0 0 ${w} ${this.h}`);
		this.svg.replaceChildren();
		const shown = this.cgs.filter(c => c === 0 || !hidden.has(c));
		const root = limits(this.run, 0, 'max');
		let top = 0;
		const total = this.columns(0);
		if (this.stack) {
			total.forEach(p => { top = Math.max(top, p[2]); });
			root.forEach(s => { if (s[1] !== null && s[1] < 8 * top) top = Math.max(top, s[1]); });
		} else {
			const own = this.columns(this.cgs[0]);
			own.forEach(p => { top = Math.max(top, p[2]); });
			for (const which of ['high', 'max'])
				limits(this.run, this.cgs[0], which).forEach(s => { if (s[1] !== null && s[1] < 4 * top) top = Math.max(top, s[1]); });
		}
		this.top = Math.max(top * 1.08, 4096);
		this.grid();
		const id = 'c' + charts.indexOf(this);
		const defs = document.createElementNS('http://www.w3.org/2000/svg', 'clipPath');
		defs.setAttribute('id', id);
		el('rect', {x: LEFT, y: 0, width: Math.max(1, w - LEFT - RIGHT), height: this.h}, defs);
		this.svg.appendChild(defs);
		this.clip = el('g', {'clip-path': `url(#${id})`}, this.svg);
		if (this.stack) this.drawStack(shown, total);
		else this.drawOne(this.cgs[0]);
		if (this.stack) this.line(root, 'limit', 'root max');
		else {
			this.line(limits(this.run, this.cgs[0], 'high'), 'high', 'memory.high');
			this.line(limits(this.run, this.cgs[0], 'max'), 'limit', 'memory.max');
			el('text', {class: 'name', x: LEFT, y: 12}, this.svg, D.cgroups[this.cgs[0]].name);
		}
		this.events();
		this.overlay = el('g', {}, this.svg);
		this.drawOverlay();
	}
	// Follows the pointer, so it is drawn by itself.
	drawOverlay() {
		this.overlay.replaceChildren();
		if (state.cursor === null) return;
		const x = this.x(Math.min(state.to, Math.max(state.from, state.cursor)));
		if (state.cursor >= state.from && state.cursor <= state.to)
			el('line', {class: 'cursor', x1: x, x2: x, y1: 0, y2: this.h - AXIS}, this.overlay);
		if (this.drag !== undefined) {
			const a = this.x(this.drag);
			el('rect', {class: 'brush', x: Math.min(a, x), y: 0, width: Math.abs(x - a), height: this.h - AXIS}, this.overlay);
		}
	}
	// Members of a column may peak at different moments: they share out what root held.
	drawStack(shown, total) {
		const per = shown.filter(c => c !== 0).map(c => [c, this.columns(c)]);
		const sums = total.map((p, i) => sessions.reduce((s, c) => s + ((this.columnsOf(c))[i] || [0, 0, 0])[2], 0));
		let below = total.map(() => 0);
		for (const [c, cols] of per) {
			const points = total.map((p, i) => [p[0], p[1], below[i] + (cols[i] && sums[i] ? cols[i][2] * Math.min(1, p[2] / sums[i]) : 0)]);
			const base = below;
			this.area(points, i => base[i], colour(c));
			below = points.map(p => p[2]);
		}
		this.cache = null;
	}
	columnsOf(c) {
		this.cache = this.cache || {};
		return this.cache[c] || (this.cache[c] = this.columns(c));
	}
	drawOne(c) {
		const cols = this.columns(c);
		this.area(cols, () => 0, colour(c));
	}
}

// ---- all charts together

let charts = [], queued = false;
function draw() {
	if (queued) return;
	queued = true;
	requestAnimationFrame(() => { queued = false; charts.forEach(c => c.draw()); $('reset').disabled = state.from === 0 && state.to === end; });
}
function zoom(a, b) {
	const least = end / 5000;
	a = Math.max(0, a); b = Math.min(end, b);
	if (b - a < least) { const m = (a + b) / 2; a = Math.max(0, m - least / 2); b = Math.min(end, a + least); }
	state.from = a; state.to = b;
	$('range').textContent = a === 0 && b === end ? 'the whole run' : `${time(a)} to ${time(b)}`;
	draw();
}
function setCursor(t, chart, e) {
	state.cursor = t;
	const box = $('readout');
	if (t === null) box.style.display = 'none';
	else {
		const run = chart.run, rows = [];
		const total = usage(run, 0, t);
		const cap = limitAt(limits(run, 0, 'max'), t);
		rows.push(['total', total, cap === null ? '' : 'max ' + size(cap)]);
		for (const c of sessions) {
			if (hidden.has(c) || rows.length > 14) continue;
			const high = limitAt(limits(run, c, 'high'), t), delayed = run.events.some(v => v[0] === DELAY && v[3] === c && v[1] <= t && t <= v[1] + v[2]);
			const killed = run.events.find(v => v[0] === KILL && v[3] === c && v[1] <= t);
			const calls = run.events.filter(v => v[0] === COMMAND && v[3] === c && v[1] <= t && t <= v[1] + Math.max(v[2], (state.to - state.from) / 500));
			const more = [high !== null && 'high ' + size(high), delayed && 'delayed', killed && 'killed at ' + time(killed[1])];
			more.push(...(calls.length > 2 ? [calls.length + ' calls'] : calls.map(v => `(${callText(v)})`)));
			rows.push([D.cgroups[c].name, usage(run, c, t), more.filter(Boolean).join(' ')]);
		}
		box.replaceChildren();
		el('div', {class: 'soft'}, box, `${chart.name}, ${time(t)}`);
		for (const [name, v, more] of rows) {
			const line = el('div', {}, box);
			el('span', {}, line, name + ' ');
			el('b', {}, line, v === null ? '-' : size(v));
			if (more) el('span', {class: 'soft'}, line, ' ' + more);
		}
		box.style.display = 'block';
		const r = chart.svg.getBoundingClientRect();
		const x = e ? e.clientX : r.left + chart.x(t), y = e ? e.clientY : r.top + 20;
		box.style.left = Math.max(4, Math.min(x + 14, innerWidth - box.offsetWidth - 8)) + 'px';
		box.style.top = Math.max(4, Math.min(y + 14, innerHeight - box.offsetHeight - 8)) + 'px';
		if (!e) $('said').textContent = `${chart.name} at ${time(t)}: ` + rows.map(([n, v, m]) => `${n} ${v === null ? 'nothing' : size(v)} ${m}`).join('; ');
	}
	charts.forEach(c => c.drawOverlay());
}

function build() {
	const cards = $('cards');
	charts = [];
	cards.replaceChildren();
	D.policies.forEach((p, i) => {
		const run = runOf(i);
		if (!run) return;
		const card = el('figure', {class: 'card'}, cards);
		el('h3', {}, card, p.name + (p.mechanism ? ` [${p.mechanism}]` : '') + (p.baseline ? ' (baseline)' : ''));
		const alive = sessions.filter(c => !run.events.some(e => e[0] === KILL && e[3] === c && e[6] === 0));
		const delays = run.events.reduce((n, e) => n + (e[0] === DELAY ? e[5] : 0), 0);
		const told = `repetition ${run.rep + 1}: ${alive.length} of ${sessions.length} survive, ${delays} delay${delays === 1 ? '' : 's'}`;
		el('figcaption', {}, card, told + (run.left ? `; ${run.left} short actions or calls are not drawn` : ''));
		const add = (cgs, h, label) => { const c = new Chart(card, run, cgs, h, label); c.name = p.name; charts.push(c); };
		const peak = c => size(Math.max(0, ...run.max[c].filter(v => v >= 0)) * 1024);
		add([0, ...sessions].filter((c, k) => k || sessions.length), STACK, `${p.name}: memory of all sessions over time, stacked, against the limit they share. Highest ${peak(0)}. ${told}.`);
		for (const c of state.all ? sessions : sessions.slice(0, MANY))
			if (!hidden.has(c))
				add([c], STRIP, `${p.name}: memory of ${D.cgroups[c].name} over time against its limits. Highest ${peak(c)}.`);
	});
	if (!charts.length) el('p', {class: 'soft'}, cards, 'Nothing was run.');
	buildCalls();
	draw();
}

// The calls of what is shown, as a table: to be read without seeing, or from top to bottom.
function buildCalls() {
	const box = $('calls'), rows = [];
	D.policies.forEach((p, i) => {
		const run = runOf(i);
		if (run) run.events.forEach(e => { if (e[0] === COMMAND && !hidden.has(e[3])) rows.push([p.name, e]); });
	});
	box.hidden = !rows.length;
	box.querySelectorAll('div').forEach(d => d.remove());
	box.querySelector('summary').textContent = `Tool calls (${rows.length})`;
	if (!rows.length) return;
	const scroll = el('div', {class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'tool calls'}, box);
	const table = el('table', {}, scroll);
	const head = el('tr', {}, el('thead', {}, table));
	for (const [text, left] of [['policy', 1], ['session', 1], ['call', 0], ['start', 0], ['took', 0], ['peak', 0], ['ended', 1]])
		el('th', left ? {class: 'l'} : {}, head, text);
	const body = el('tbody', {}, table);
	for (const [policy, [, t, len, cg, , peak, status, call]] of rows) {
		const tr = el('tr', {}, body);
		el('td', {class: 'l'}, tr, policy);
		el('td', {class: 'l'}, tr, D.cgroups[cg].name);
		for (const text of [String(call + 1), time(t), time(len), peak > 0 ? size(peak) : '-']) el('td', {}, tr, text);
		el('td', {class: status ? 'l dead' : 'l'}, tr, D.ended[status]);
	}
}

function buildControls() {
	const keys = $('keys'), reps = Math.max(0, ...D.runs.filter(r => r.policy >= 0).map(r => r.rep)) + 1;
	sessions.slice(0, state.all ? undefined : MANY).forEach(c => {
		const b = el('button', {type: 'button', 'aria-pressed': 'true', title: 'show or hide this session'}, keys);
		el('span', {class: 'key', style: 'background:' + colour(c)}, b);
		b.append(D.cgroups[c].name);
		b.onclick = () => {
			hidden.has(c) ? hidden.delete(c) : hidden.add(c);
			b.setAttribute('aria-pressed', String(!hidden.has(c)));
			build();
		};
	});
	if (!state.all) {
		const b = el('button', {type: 'button'}, keys, `show all ${sessions.length} sessions`);
		b.onclick = () => { state.all = true; keys.replaceChildren(); buildControls(); build(); };
	}
	const select = $('rep');
	if (!select.options.length) {
		for (let i = 0; i < reps; i++) el('option', {value: i}, select, String(i + 1));
		select.onchange = () => { state.rep = +select.value; build(); };
		$('reset').onclick = () => zoom(0, end);
	}
}

// ---- latencies: counts in quarter octaves, pooled over the repetitions of a policy

function latencies() {
	const box = $('bars');
	const pooled = new Map();
	let lo = Infinity, hi = 0;
	for (const r of D.runs) {
		if (r.policy < 0) continue;
		r.latency.forEach((bins, c) => {
			if (!bins.length || !sessions.includes(c)) return;
			const key = r.policy + ' ' + c, m = pooled.get(key) || new Map();
			for (const [from, n] of bins) {
				m.set(from, (m.get(from) || 0) + n);
				lo = Math.min(lo, Math.max(from, 1e-7)); hi = Math.max(hi, from);
			}
			pooled.set(key, m);
		});
	}
	if (!pooled.size) { $('latency').remove(); return; }
	hi = Math.max(hi * 2, lo * 10);
	const x = (v, w) => LEFT + (Math.log(Math.max(v, lo)) - Math.log(lo)) / (Math.log(hi) - Math.log(lo)) * (w - LEFT - RIGHT);
	D.policies.forEach((p, i) => {
		const of = sessions.slice(0, MANY).filter(c => pooled.has(i + ' ' + c));
		if (!of.length) return;
		const card = el('figure', {class: 'card'}, box);
		el('h3', {}, card, p.name);
		for (const c of of) {
			const m = [...pooled.get(i + ' ' + c)].sort((a, b) => a[0] - b[0]);
			const n = m.reduce((s, v) => s + v[1], 0), most = Math.max(...m.map(v => v[1]));
			const w = 440, h = 72;
			const label = `${p.name}, ${D.cgroups[c].name}: ${n} allocations, from ${time(m[0][0])} to ${time(m[m.length - 1][0])}`;
			const svg = el('svg', {viewBox: `0 0 ${w} ${h}`, role: 'img', 'aria-label': label}, card);
			for (let v = 10 ** Math.ceil(Math.log10(lo)); v <= hi; v *= 10) {
				el('line', {class: 'grid', x1: x(v, w), x2: x(v, w), y1: NAME, y2: h - AXIS}, svg);
				el('text', {x: x(v, w), y: h - 4, 'text-anchor': x(v, w) > w - 24 ? 'end' : 'middle'}, svg, time(+v.toPrecision(3)));
			}
			for (const [from, k] of m) {
				// The root keeps what is rare visible: a tail is what this is looked at for.
				const bar = Math.max(2, Math.sqrt(k / most) * (h - AXIS - NAME));
				const r = el('rect', {x: x(from, w), y: h - AXIS - bar, width: Math.max(2, x(from * 2 ** .25, w) - x(from, w) - .5), height: bar, style: 'fill:' + colour(c)}, svg);
				el('title', {}, r, `${k} of ${n} from ${time(from)}`);
			}
			el('text', {class: 'name', x: LEFT, y: 12}, svg, D.cgroups[c].name);
		}
	});
}

$('theme').onclick = () => {
	const root = document.documentElement;
	const dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
	root.dataset.theme = dark ? 'light' : 'dark';
};
if ($('cards')) { // else there is nothing to draw
	buildControls();
	build();
	latencies();
	addEventListener('resize', draw);
	addEventListener('beforeprint', () => charts.forEach(c => c.draw()));
}
document.documentElement.dataset.ready = '1';
})();
