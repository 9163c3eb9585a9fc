import { useEventSource } from '@vueuse/core'
import { createApp, h, ref, watch } from 'vue'

const App = {
  setup() {
    // biome-ignore lint/correctness/useHookAtTopLevel: it is a composable of Vue's, not a hook of React's
    const { data, lastEventId } = useEventSource('/events')
    const items = ref([])
    // The library sets it after the data.
    watch(lastEventId, (id) => items.value.push(`${id}: ${data.value}`), { flush: 'sync' })
    return () => items.value.map((item) => h('li', item))
  },
}

createApp(App).mount(document.body)
