import { createElement, StrictMode, useEffect, useState } from 'react'
import { createRoot } from 'react-dom/client'

function App() {
  const [items, setItems] = useState([])
  useEffect(() => {
    const source = new EventSource('/events')
    source.onmessage = ({ data, lastEventId }) => setItems((before) => [...before, `${lastEventId}: ${data}`])
    return () => source.close()
  }, [])
  return items.map((item) => createElement('li', { key: item }, item))
}

// In a development build it mounts every component twice.
createRoot(document.body).render(createElement(StrictMode, null, createElement(App)))
