import { HttpResponse, http, sse } from 'msw-2'
import { setupWorker } from 'msw-2/browser'
import { listenWithMsw } from './msw.js'

listenWithMsw({ http, HttpResponse, sse, setupWorker }).catch(reportError)
