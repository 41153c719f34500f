"use strict"
// All HTML that is put into the page was made, and escaped, by aecli.
const get = id => document.getElementById(id)
const read = id => JSON.parse(get(id).textContent)
const facts = read("facts"), LISTED = 60
const sliders = [...document.querySelectorAll("[data-unit]")]
let points, way, plot, start = null, last = []

async function begin() {
  const views = await Bokeh.embed.embed_item(read("item"), "plane")
  plot = [...views][0].model
  points = plot.document.get_model_by_name("points")
  way = plot.document.get_model_by_name("way")
  points.selected.properties.indices.change.connect(selected)
  plot.on_event("tap", event => setTimeout(() => clicked(event), 0)) // once it is selected
  const dark = matchMedia("(prefers-color-scheme: dark)")
  dark.addEventListener("change", () => themed(dark.matches))
  themed(dark.matches)
  get("colour").onchange = coloured
  coloured()
  get("example").max = facts.rows.length - 1
  get("example").oninput = event => choose(event.target.value)
  choose(0)
  if (facts.live) beginLive()
  document.body.dataset.ready = "yes"
}

function themed(dark) {
  const text = dark ? "#e6e6e6" : "#222222", line = dark ? "#555555" : "#dddddd"
  plot.setv({background_fill_color: null, border_fill_color: null, outline_line_color: line})
  for (const axis of [...plot.below, ...plot.left]) {
    axis.setv({axis_label_text_color: text, major_label_text_color: text, axis_line_color: text,
      major_tick_line_color: text, minor_tick_line_color: text, axis_label_text_font_style: "normal"})
  }
  for (const grid of plot.center) grid.setv({grid_line_color: line})
}

function coloured() {
  const by = facts.colours[get("colour").selectedIndex]
  points.data = {...points.data, colour: by.colours}
  get("legend").replaceChildren(...by.legend.map(([colour, text]) => {
    const item = document.createElement("li"), swatch = document.createElement("span")
    swatch.className = "swatch"
    swatch.style.background = colour
    item.append(swatch, text)
    return item
  }))
}

const of = (column, i) => Array.from(points.data[column])[i]
const words = i => `number ${i}, row ${facts.rows[i]}${of("label", i) ? `, label ${of("label", i)}` : ""}, ` +
  `error ${of("error", i).toPrecision(3)}`

function selected() {
  const chosen = points.selected.indices
  get("count").textContent = `${chosen.length} selected` +
    (chosen.length > LISTED ? `, the first ${LISTED} are listed` : "")
  get("selected").replaceChildren(...chosen.slice(0, LISTED).map(i => {
    const item = document.createElement("li"), button = document.createElement("button")
    button.type = "button"
    button.innerHTML = of("view", i)
    button.setAttribute("aria-label", words(i))
    button.append(document.createElement("br"), `${i}: ${of("label", i) || of("error", i).toPrecision(3)}`)
    button.onclick = () => choose(i)
    item.append(button)
    return item
  }))
}

// A click may hit several points: the nearest is the one.
function clicked({x, y}) {
  const far = i => (of("x", i) - x) ** 2 + (of("y", i) - y) ** 2
  const hit = [...points.selected.indices].sort((i, j) => far(i) - far(j))
  if (hit.length) choose(hit[0])
}

function choose(i) {
  i = Number(i)
  if (!Number.isInteger(i) || i < 0 || i >= facts.rows.length) return
  get("example").value = i
  get("shown").innerHTML = `${of("view", i)}<p></p>`
  get("shown").querySelector("p:last-child").textContent = words(i)
  if (!facts.live) return
  start = i
  stand(facts.codes.length ? facts.codes[i] : facts.units.map(() => 0))
  last = [...last, i].slice(-2)
  if (last.length === 2) {
    [get("a").value, get("b").value] = last
    interpolate()
  }
  decode(false)
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
const mark = at => way.data = {x: at.map(p => p[0]), y: at.map(p => p[1])}

function stand(values) {
  sliders.forEach((slider, k) => {
    if (values) slider.value = values[k]
    slider.nextElementSibling.textContent = Number(slider.value).toFixed(2)
  })
}

function decode(marks = true) {
  const units = Object.fromEntries(sliders.map(s => [s.dataset.unit, Number(s.value)]))
  ask("decode", {start, units, label: told()}, answer => {
    get("decoded").innerHTML = answer.views[0]
    if (marks) mark(answer.at)
  })
}

function interpolate() {
  const [a, b] = ["a", "b"].map(id => Number(get(id).value))
  ask("interpolate", {a, b, label: told()}, answer => {
    get("way").innerHTML = answer.views.join("")
    mark(answer.at)
  })
}

function encode(data) {
  ask("encode", {data, label: told()}, answer => {
    get("encoded").innerHTML = `${answer.views[0]}<p></p>`
    get("encoded").querySelector("p").textContent = `error ${answer.error.toPrecision(3)}`
    start = answer.code
    if (facts.codes.length) stand(facts.units.map(unit => answer.code[unit.unit]))
    decode()
  })
}

function beginLive() {
  get("telling").hidden = !facts.told.length
  for (const [number, name] of [["", "the example's"], ...facts.told]) get("told").add(new Option(name, number))
  get("told").onchange = () => { decode(false); interpolate() }
  for (const slider of sliders) slider.oninput = () => { stand(); decode() }
  get("mean").onclick = () => {
    start = null
    stand(facts.units.map(unit => unit.start))
    decode()
  }
  for (const id of ["a", "b"]) {
    get(id).max = facts.rows.length - 1
    get(id).oninput = interpolate
  }
  if (facts.plane_is_codes) plot.on_event("doubletap", ({x, y}) => {
    stand(sliders.map(slider => [x, y][Number(slider.dataset.unit)]))
    decode()
  })
  interpolate()
  if (get("canvas")) beginDrawing()
}

function beginDrawing() {
  const canvas = get("canvas"), pen = canvas.getContext("2d"), drop = get("drop")
  const clear = () => {
    pen.fillStyle = facts.draws_white ? "black" : "white"
    pen.fillRect(0, 0, 140, 140)
  }
  clear()
  get("clear").onclick = clear
  Object.assign(pen, {lineWidth: 13, lineCap: "round", strokeStyle: facts.draws_white ? "white" : "black"})
  canvas.onpointerdown = event => {
    canvas.setPointerCapture(event.pointerId)
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
    if (one) reader.readAsDataURL(one)
  }
  get("file").onchange = event => file(event.target.files[0])
  drop.ondragover = event => { event.preventDefault(); drop.classList.add("over") }
  drop.ondragleave = () => drop.classList.remove("over")
  drop.ondrop = event => {
    event.preventDefault()
    drop.classList.remove("over")
    file(event.dataTransfer.files[0])
  }
}

begin()
