const { ErrorEvent, EventSource } = require('everysource')

const source = new EventSource(process.argv[2])
source.addEventListener('greeting', ({ data, lastEventId }) => {
  source.close()
  console.log(JSON.stringify({ data, lastEventId, names: [EventSource.name, ErrorEvent.name] }))
})
