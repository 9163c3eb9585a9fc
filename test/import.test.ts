import { expect, it } from 'vitest'

// The import is within a test, since Stryker does not count a test file as failed whose own imports fail.
it('The class can be imported', async () => {
  await expect(import('../src/event-source.ts')).resolves.toHaveProperty('EventSource')
})
