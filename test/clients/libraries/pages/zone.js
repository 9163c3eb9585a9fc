import 'zone.js'

// As an application of Angular does, which looks for changes after everything that ran in its zone.
const zone = Zone.current.fork({ name: 'app' })

const source = new EventSource('/events')
zone.run(() => {
  source.addEventListener('message', ({ data }) => {
    const item = document.createElement('li')
    item.textContent = `${data} in the zone ${Zone.current.name}`
    document.body.append(item)
  })
})
