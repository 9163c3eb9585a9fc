import 'zone.js'

let tasks = 0
const zone = Zone.current.fork({
  name: 'app',
  onInvokeTask(parent, _current, target, task, applyThis, applyArgs) {
    tasks++
    return parent.invokeTask(target, task, applyThis, applyArgs)
  },
})

// As `runOutsideAngular` does.
zone.run(() =>
  zone.parent.run(() => {
    const source = new EventSource('/events')
    source.onmessage = ({ data }) => {
      const item = document.createElement('li')
      item.textContent = `${data} after ${tasks} tasks in the zone`
      document.body.append(item)
    }
  }),
)
