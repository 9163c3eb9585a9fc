import htmx from 'htmx.org'
import 'htmx-ext-sse'

document.body.innerHTML = '<ul hx-ext="sse" sse-connect="/events" sse-swap="message" hx-swap="beforeend"></ul>'
htmx.process(document.body)
