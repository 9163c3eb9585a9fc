import type { IncomingHttpHeaders } from 'node:http'
import { headerValue } from './response-headers.ts'

/** How to serve an event stream with one server, proxy or framework. */
export interface ServerRecipe {
  readonly title: string
  /** One to three lines of configuration or code; the path is /events, the address behind a proxy localhost:3000. */
  readonly lines: readonly string[]
  /** Whether the headers of a response are typical of the server; absent if it sends no typical headers. */
  readonly recognizes?: (header: (name: string) => string) => boolean
}

/** The recipes by the names that --server takes. */
export const serverRecipes = {
  nginx: {
    title: 'nginx',
    lines: [
      'location /events { proxy_pass http://localhost:3000; proxy_buffering off; gzip off;',
      '  proxy_http_version 1.1; proxy_set_header Connection ""; proxy_read_timeout 1h; }',
    ],
    recognizes: (header) => /^(nginx|openresty)/i.test(header('server')),
  },
  apache: {
    title: 'Apache',
    lines: [
      'ProxyPass /events http://localhost:3000/events flushpackets=on timeout=3600',
      'SetEnvIf Request_URI ^/events no-gzip=1',
    ],
    recognizes: (header) => /^Apache/i.test(header('server')),
  },
  caddy: {
    title: 'Caddy',
    lines: ['reverse_proxy /events localhost:3000 {', '  flush_interval -1', '}'],
    recognizes: (header) => /caddy/i.test(`${header('server')} ${header('via')}`),
  },
  traefik: {
    title: 'Traefik',
    lines: [
      'remove the middleware "buffering" from the router: without it, Traefik passes on every chunk',
      'http.middlewares.compress.compress.excludedContentTypes: [text/event-stream]',
    ],
  },
  node: {
    title: 'Node',
    lines: [
      "response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' }).flushHeaders()",
      "const timer = setInterval(() => response.write(':\\n\\n'), 15_000); response.on('close', () => clearInterval(timer))",
      "response.write('id: ' + id + '\\ndata: ' + JSON.stringify(data) + '\\n\\n')",
    ],
    recognizes: (header) => !header('server') && !header('x-powered-by') && /^timeout=\d+$/.test(header('keep-alive')),
  },
  express: {
    title: 'Express',
    lines: [
      "response.set({ 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' }).flushHeaders()",
      "response.write('id: ' + id + '\\ndata: ' + JSON.stringify(data) + '\\n\\n')",
      'response.flush?.() // with the middleware "compression", after every event',
    ],
    recognizes: (header) => /^Express/i.test(header('x-powered-by')),
  },
  fastify: {
    title: 'Fastify',
    lines: [
      'reply.hijack()',
      "reply.raw.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' }).flushHeaders()",
      "reply.raw.write('id: ' + id + '\\ndata: ' + JSON.stringify(data) + '\\n\\n')",
    ],
  },
  spring: {
    title: 'Spring',
    lines: [
      'SseEmitter emitter = new SseEmitter(0L); // no timeout; return it from a @GetMapping method',
      'emitter.send(SseEmitter.event().id(id).data(data, MediaType.APPLICATION_JSON));',
      'emitter.send(SseEmitter.event().comment("")); // every 15 s',
    ],
  },
  fastapi: {
    title: 'FastAPI',
    lines: [
      'headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}',
      'return StreamingResponse(events(), media_type="text/event-stream", headers=headers)',
      'yield f"id: {id}\\ndata: {json.dumps(data)}\\n\\n"  # in the async generator events(); do not add GZipMiddleware',
    ],
    recognizes: (header) => /^(uvicorn|hypercorn)/i.test(header('server')),
  },
  django: {
    title: 'Django',
    lines: [
      'headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}',
      'return StreamingHttpResponse(events(), content_type="text/event-stream", headers=headers)',
      'yield f"id: {id}\\ndata: {json.dumps(data)}\\n\\n"  # in the generator events(); do not use GZipMiddleware',
    ],
    recognizes: (header) => /^(WSGIServer|gunicorn|daphne)/i.test(header('server')),
  },
  rails: {
    title: 'Rails',
    lines: [
      'include ActionController::Live # in the controller',
      "response.headers.merge!('Content-Type' => 'text/event-stream', 'Cache-Control' => 'no-store', 'Last-Modified' => Time.now.httpdate)",
      'response.stream.write("id: #{id}\\ndata: #{data.to_json}\\n\\n") # Last-Modified keeps Rack::ETag from buffering',
    ],
    recognizes: (header) => header('x-runtime') !== '' && header('x-request-id') !== '',
  },
  go: {
    title: 'Go',
    lines: [
      'w.Header().Set("Content-Type", "text/event-stream"); w.Header().Set("Cache-Control", "no-store")',
      'fmt.Fprintf(w, "id: %d\\ndata: %s\\n\\n", id, data)',
      'w.(http.Flusher).Flush() // after every event; http.Server.WriteTimeout ends streams, so leave it at 0',
    ],
  },
  php: {
    title: 'PHP',
    lines: [
      "header('Content-Type: text/event-stream'); header('Cache-Control: no-store'); header('X-Accel-Buffering: no');",
      'while (ob_get_level()) ob_end_clean(); set_time_limit(0);',
      'echo "id: $id\\ndata: ", json_encode($data), "\\n\\n"; flush();',
    ],
    recognizes: (header) => /^PHP/i.test(header('x-powered-by')),
  },
  aspnet: {
    title: 'ASP.NET',
    lines: [
      'Response.ContentType = "text/event-stream"; Response.Headers.CacheControl = "no-store";',
      'HttpContext.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();',
      'await Response.WriteAsync($"id: {id}\\ndata: {json}\\n\\n"); await Response.Body.FlushAsync();',
    ],
    recognizes: (header) =>
      /^(Kestrel|Microsoft-IIS)/i.test(header('server')) || /^ASP\.NET/i.test(header('x-powered-by')),
  },
  cloudflare: {
    title: 'Cloudflare',
    lines: [
      'send a comment at least every 90 s: Cloudflare closes a connection after 100 s of silence',
      'send Cache-Control: no-store, no-transform from the server, so that nothing is cached or compressed on the way',
    ],
    recognizes: (header) => /^cloudflare/i.test(header('server')) || header('cf-ray') !== '',
  },
  vite: {
    title: "Vite's proxy",
    lines: [
      "server: { proxy: { '/events': { target: 'http://localhost:3000', timeout: 0, proxyTimeout: 0 } } }",
      'do not add a compressing middleware to the development server',
    ],
  },
} as const satisfies Readonly<Record<string, ServerRecipe>>

export type ServerName = keyof typeof serverRecipes

export const serverNames = Object.keys(serverRecipes) as readonly ServerName[]

/** Returns the servers, proxies and frameworks that the headers of a response are typical of. */
export function recognizeServers(headers: IncomingHttpHeaders): readonly ServerName[] {
  const header = (name: string): string => headerValue(headers, name) ?? ''
  return serverNames.filter((name) => {
    const recipe: ServerRecipe = serverRecipes[name]
    return recipe.recognizes?.(header) ?? false
  })
}
