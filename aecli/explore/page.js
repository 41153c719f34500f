"use strict"
// All HTML that is put into the page was made, and escaped, by aecli.
const get = id => document.getElementById(id)
const read = id => JSON.parse(get(id).textContent)
const facts = read("facts"), LISTED = 60, NEAR = 10, MOST = 20e6 // pixels; bytes of a picture
const sliders = [...document.querySelectorAll("[data-unit]")]
let points, way, now, ring, plot, start = null, last = []

async function begin() {
  const views = await Bokeh.embed.embed_item(read("item"), "plane")
  plot = [...views][0].model
  ;[points, way, now, ring] = ["points", "way", "now", "ring"].map(name => plot.document.get_model_by_name(name))
  points.selected.properties.indices.change.connect(selected)
  plot.on_event("tap", clicked)
  plot.on_event("mousemove", hinted)
  get("map").onpointerdown = get("map").onpointerleave = () => get("hint").hidden = true
  const dark = matchMedia("(prefers-color-scheme: dark)")
  dark.addEventListener("change", () => themed(dark.matches))
  themed(dark.matches)
  get("colour").onchange = coloured
  coloured()
  get("example").max = facts.views.length - 1
  get("example").oninput = event => choose(event.target.value)
  choose(0)
  if (facts.live) beginLive()
  document.body.dataset.ready = "yes"
}

function themed(dark) {
  const text = dark ? "#e6e6e6" : "#222222", line = dark ? "#444444" : "#dddddd"
  plot.setv({background_fill_color: null, border_fill_color: null, outline_line_color: line})
  for (const axis of [...plot.below, ...plot.left]) {
    axis.setv({axis_label_text_color: text, major_label_text_color: text, axis_line_color: text,
      major_tick_line_color: text, minor_tick_line_color: null, axis_label_text_font_style: "normal",
      axis_label_text_font: "system-ui, sans-serif", major_label_text_font: "system-ui, sans-serif"})
  }
  for (const grid of plot.center) grid.setv({grid_line_color: line})
  plot.document.get_model_by_name("circle").glyph.line_color = text
}

const put = (kind, ...children) => {
  const made = document.createElement(kind)
  made.append(...children)
  return made
}

function coloured() {
  const by = facts.colours[get("colour").selectedIndex]
  points.data = {...points.data, colour: by.colours}
  get("legend").replaceChildren(...(by.scale ? [scaled(by)] : by.legend.map(([colour, text]) => {
    const swatch = put("span")
    swatch.className = "swatch"
    swatch.style.background = colour
    return put("span", swatch, text)
  })))
}

function scaled({scale, unit}) {
  const bar = put("i"), made = put("div", bar, put("div", ...scale.map(([_, text]) => put("span", text))))
  bar.style.background = `linear-gradient(to right, ${scale.map(([colour]) => colour).join()})`
  made.className = "scale"
  if (unit) made.append(unit)
  return made
}

const words = i => [`number ${i}`, ...Object.entries(facts.known)
  .map(([name, values]) => `${name} ${values[i]}`), `error ${facts.errors[i]}`].join(", ")

function selected() {
  const chosen = points.selected.indices, others = plot.document.get_model_by_name("dots").nonselection_glyph
  others.fill_alpha = {value: chosen.length > 1 ? 0.25 : 0.85} // one has its ring
  get("count").textContent = !chosen.length ? "Draw a lasso around points, or click on one." :
    `${chosen.length} selected` + (chosen.length > LISTED ? `, the first ${LISTED} are listed` : "")
  get("selected").replaceChildren(...chosen.slice(0, LISTED).map(i => {
    const button = put("button")
    button.type = "button"
    button.innerHTML = facts.views[i]
    button.setAttribute("aria-label", words(i))
    button.append(put("div", `${i}: ${facts.known.label ? facts.known.label[i] : `error ${facts.errors[i]}`}`))
    button.onclick = () => choose(i)
    return put("li", button)
  }))
}

// The example within NEAR pixels of a place of the plane, or null.
function nearest({x, y}) {
  const {x: xs, y: ys} = points.data, per = range => range.end - range.start
  const across = plot.inner_width / per(plot.x_range), down = plot.inner_height / per(plot.y_range)
  let found = null, least = NEAR ** 2
  for (let i = 0; i < xs.length; i++) {
    const far = ((xs[i] - x) * across) ** 2 + ((ys[i] - y) * down) ** 2
    if (far < least) [found, least] = [i, far]
  }
  return found
}

function clicked(event) {
  const i = nearest(event)
  points.selected.indices = i === null ? [] : [i]
  if (i !== null) choose(i)
}

function hinted(event) {
  const i = nearest(event), hint = get("hint"), map = get("map")
  hint.hidden = i === null
  if (i === null) return
  hint.innerHTML = facts.views[i]
  hint.append(put("div", words(i)))
  hint.style.left = 0 // as wide as it would be there
  const {offsetWidth: width, offsetHeight: height} = hint
  const fits = event.sx + 16 + width <= map.clientWidth
  hint.style.left = `${fits ? event.sx + 16 : Math.max(0, Math.min(event.sx - width / 2, map.clientWidth - width))}px`
  hint.style.top = `${fits || event.sy < height + 16 ? event.sy + 16 : event.sy - height - 16}px`
}

function choose(i) {
  i = Number(i)
  if (!Number.isInteger(i) || i < 0 || i >= facts.views.length) return
  get("example").value = i
  get("shown").innerHTML = facts.views[i]
  get("words").textContent = words(i)
  ring.data = {x: [points.data.x[i]], y: [points.data.y[i]]}
  if (!facts.live) return
  start = i
  stand(facts.codes.length ? facts.codes[i] : facts.units.map(() => 0))
  last = [...last, i].slice(-2)
  if (last.length === 2) {
    [get("a").value, get("b").value] = last
    interpolate()
  }
  decode()
}

// ---- what asks the model

const busy = {}, next = {}
async function ask(question, asked, then) {
  if (busy[question]) return next[question] = [asked, then] // the newest alone waits
  busy[question] = true
  try {
    const said = await fetch(question, {method: "POST", body: JSON.stringify(asked)})
    const answer = await said.json()
    get("problem").textContent = said.ok ? "" : answer.error
    if (said.ok) then(answer)
  } catch {
    get("problem").textContent = "aecli explore has ended: no answer"
  }
  busy[question] = false
  const waiting = next[question]
  delete next[question]
  if (waiting) ask(question, ...waiting)
}

const told = () => get("told").value === "" ? null : Number(get("told").value)
function mark(source, at) {
  const ends = [[plot.x_range, at.map(p => p[0])], [plot.y_range, at.map(p => p[1])]]
  source.data = {x: ends[0][1], y: ends[1][1]}
  for (const [range, values] of ends) { // what lies outside is brought into sight
    const edge = 0.03 * (range.end - range.start), low = Math.min(...values), high = Math.max(...values)
    if (low < range.start) range.start = low - edge
    if (high > range.end) range.end = high + edge
  }
}

function stand(values) {
  sliders.forEach((slider, k) => {
    if (values) slider.value = values[k]
    slider.nextElementSibling.textContent = Number(slider.value).toFixed(2)
  })
}

function decode() {
  const units = Object.fromEntries(sliders.map(s => [s.dataset.unit, Number(s.value)]))
  ask("decode", {start, units, label: told()}, answer => {
    get("decoded").innerHTML = answer.views[0]
    mark(now, answer.at)
  })
}

function interpolate() {
  const [a, b] = ["a", "b"].map(id => Number(get(id).value))
  ask("interpolate", {a, b, label: told()}, answer => {
    get("way").innerHTML = answer.views.join("")
    mark(way, answer.at)
  })
}

// A code of no example has no label of its own.
function tell() {
  if (facts.told.length && get("told").value === "") get("told").selectedIndex = 1
}

function encode(data) {
  tell()
  ask("encode", {data, label: told()}, answer => {
    get("encoded").innerHTML = answer.views[0]
    get("encoded").append(put("p", `error ${answer.error.toPrecision(3)}`), put("p", answer.notes))
    get("encoded").lastChild.className = "soft"
    start = answer.code
    if (facts.codes.length) stand(facts.units.map(unit => answer.code[unit.unit]))
    decode()
  })
}

function beginLive() {
  get("telling").hidden = !facts.told.length
  for (const [number, name] of [["", "the example's"], ...facts.told]) get("told").add(new Option(name, number))
  get("told").onchange = () => { decode(); interpolate() }
  for (const slider of sliders) slider.oninput = () => { stand(); decode() }
  get("mean").onclick = () => {
    start = null
    tell()
    stand(facts.units.map(unit => unit.start))
    decode()
  }
  for (const id of ["a", "b"]) {
    get(id).max = facts.views.length - 1
    get(id).oninput = event => { if (event.target.validity.valid) interpolate() }
  }
  if (facts.plane_is_codes) plot.on_event("doubletap", ({x, y}) => {
    stand(sliders.map(slider => [x, y][Number(slider.dataset.unit)]))
    decode()
  })
  interpolate()
  if (get("canvas")) beginDrawing()
}

function beginDrawing() {
  const canvas = get("canvas"), pen = canvas.getContext("2d"), ink = facts.draws_white ? "#ffffff" : "#000000"
  const clear = () => {
    pen.fillStyle = facts.draws_white ? "#000000" : "#ffffff"
    pen.fillRect(0, 0, canvas.width, canvas.height)
  }
  clear()
  get("clear").onclick = clear
  Object.assign(pen, {lineWidth: 13, lineCap: "round", lineJoin: "round"})
  if (get("pen")) get("pen").value = ink
  canvas.onpointerdown = event => {
    canvas.setPointerCapture(event.pointerId)
    pen.strokeStyle = get("pen") ? get("pen").value : ink
    pen.beginPath()
    pen.moveTo(event.offsetX, event.offsetY)
  }
  canvas.onpointermove = event => {
    if (!event.buttons) return
    pen.lineTo(event.offsetX, event.offsetY)
    pen.stroke()
  }
  canvas.onpointerup = () => {
    const small = Object.assign(document.createElement("canvas"), {height: facts.size[0], width: facts.size[1]})
    const context = small.getContext("2d")
    context.imageSmoothingQuality = "high"
    context.drawImage(canvas, 0, 0, small.width, small.height)
    encode(small.toDataURL("image/png"))
  }
  const file = one => {
    const reader = new FileReader()
    reader.onload = () => encode(reader.result)
    if (one && one.size > MOST) get("problem").textContent = `a picture file has at most ${MOST / 1e6} MB here`
    else if (one) reader.readAsDataURL(one)
  }
  get("file").onchange = event => file(event.target.files[0])
  // Anywhere on the page: a browser would leave it for a picture that is dropped beside its place.
  document.ondragover = event => { event.preventDefault(); document.body.classList.add("over") }
  document.ondragleave = event => { if (!event.relatedTarget) document.body.classList.remove("over") }
  document.ondrop = event => {
    event.preventDefault()
    document.body.classList.remove("over")
    file(event.dataTransfer.files[0])
  }
}

begin()
