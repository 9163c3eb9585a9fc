import '@hotwired/turbo'

document.body.innerHTML = '<ul id="list"></ul><turbo-stream-source src="/events"></turbo-stream-source>'
