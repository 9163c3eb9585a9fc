const process = require('node:process')

const { ORIGIN, EXPECTED } = process.env

/** What is to come first, as a pattern: the data of an event, or what the environment lacks. */
exports.expected = EXPECTED

/** Resolves with the data of the first event, or with the reason and the message of an error. */
exports.firstOutcome = async (EventSource) => {
  const source = new EventSource(`${ORIGIN}/events`)
  try {
    return await new Promise((resolve) => {
      source.onmessage = ({ data }) => resolve(data)
      source.onerror = ({ reason, message }) => resolve(`${reason}: ${message}`)
    })
  } finally {
    source.close()
  }
}
