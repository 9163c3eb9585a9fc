export { ErrorEvent, EventSource } from 'everysource'
