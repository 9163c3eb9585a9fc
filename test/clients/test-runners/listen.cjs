const process = require('node:process')

const { ORIGIN, EXPECTED } = process.env

/** What the page is at, and the runner is told to expect: the data of an event, or what is missing in the environment. */
exports.url = `${ORIGIN}/events`
exports.expected = EXPECTED

/** Resolves with the data of the first event, or with the reason and the message of an error. */
exports.firstNews = async (EventSource) => {
  const source = new EventSource(exports.url)
  try {
    return await new Promise((resolve) => {
      source.onmessage = ({ data }) => resolve(data)
      source.onerror = ({ reason, message }) => resolve(`${reason}: ${message}`)
    })
  } finally {
    source.close()
  }
}
