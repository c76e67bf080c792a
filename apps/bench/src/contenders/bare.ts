import { createServer } from 'node:http'
import { onJob, startChild } from '../child.ts'
import type { ReadServerJob } from '../reads/contenders.ts'
import { listen } from './listen.ts'

interface Ready {
  readonly head: { readonly 'Content-Type': string; readonly 'Content-Length': number }
  readonly body: Buffer
}

/** Stockroom's answers, asked for once and then sent again by node:http, which looks at nothing but the path. */
onJob(async (job: ReadServerJob) => {
  const ready = await answersTo(job)
  const server = createServer((request, response) => {
    const { head, body } = ready.get(request.url!)!
    // The fastest of the ways to say it: without the length, or with a text as the body, Node does more.
    response.writeHead(200, head).end(body)
  })
  return await listen(server)
})

const AT_ONCE = 50

async function answersTo({ uri, database, paths }: ReadServerJob): Promise<Map<string, Ready>> {
  const ready = new Map<string, Ready>()
  await using stockroom = await startChild<string>(new URL('stockroom.ts', import.meta.url), { uri, database })
  for (let next = 0; next < paths.length; next += AT_ONCE) {
    const some = paths.slice(next, next + AT_ONCE)
    await Promise.all(some.map(async (path) => ready.set(path, await fetchReady(`${stockroom.answer}${path}`))))
  }
  return ready
}

async function fetchReady(url: string): Promise<Ready> {
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url} is answered with ${response.status}`)
  const body = Buffer.from(await response.arrayBuffer())
  return { head: { 'Content-Type': response.headers.get('content-type')!, 'Content-Length': body.length }, body }
}
