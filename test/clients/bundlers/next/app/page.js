'use client'

import { useEffect } from 'react'
import { listFirstEvents } from '../../app.js'

export default function Page() {
  useEffect(() => {
    listFirstEvents().catch(reportError)
  }, [])
  return <p>An application</p>
}
