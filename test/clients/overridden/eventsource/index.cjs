// Up to its version 2, `eventsource` was the class itself; since then the class is a name in it.
const { ErrorEvent, EventSource } = require('everysource')

module.exports = class extends EventSource {}
module.exports.EventSource = EventSource
module.exports.ErrorEvent = ErrorEvent
