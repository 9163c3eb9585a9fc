export const dynamic = 'force-dynamic'

export function GET() {
  return new Response('data: hello\n\n', { headers: { 'Content-Type': 'text/event-stream' } })
}
