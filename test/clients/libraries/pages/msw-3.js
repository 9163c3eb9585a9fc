import { setupWorker } from 'msw-3/browser'
import { HttpResponse, http } from 'msw-3/http'
import { sse } from 'msw-3/sse'
import { listenWithMsw } from './msw.js'

listenWithMsw({ http, HttpResponse, sse, setupWorker }).catch(reportError)
