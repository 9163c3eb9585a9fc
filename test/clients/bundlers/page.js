import { listFirstEvents } from './app.js'

listFirstEvents().catch(reportError)
