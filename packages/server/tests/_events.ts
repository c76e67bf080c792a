/** One server-sent event as it came. */
interface SentEvent {
  readonly id?: string
  readonly event?: string
  readonly data: string
}

export interface EventStream extends AsyncDisposable {
  readonly response: Response
  /** The next event; undefined at the end of the stream. */
  next(): Promise<SentEvent | undefined>
  /** What came beside events: comments, and how long to wait before connecting again. */
  readonly asides: readonly string[]
}

/** Connects, and reads server-sent events one by one. */
export async function openEvents(url: string, headers: Record<string, string> = {}): Promise<EventStream> {
  const left = new AbortController()
  const response = await fetch(url, { headers, signal: left.signal })
  const asides: string[] = []
  const events = eventsOf(response, asides)
  return {
    response,
    asides,
    next: async () => (await events.next()).value ?? undefined,
    async [Symbol.asyncDispose]() {
      await events.return()
      left.abort()
    },
  }
}

/** Where RPC offers a subscription. */
export function rpcUrl(url: string, path: string, input?: object): string {
  const query = input ? `?input=${encodeURIComponent(JSON.stringify({ json: input }))}` : ''
  return `${url}/trpc/${path}${query}`
}

async function* eventsOf(response: Response, asides: string[]): AsyncGenerator<SentEvent, void> {
  let text = ''
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    const blocks = (text + chunk).split('\n\n')
    text = blocks.pop()!
    for (const block of blocks) {
      const lines = block.split('\n').filter(Boolean)
      const fields = Object.fromEntries(lines.map((line) => /^(\w*): ?(.*)$/.exec(line)!.slice(1)))
      if ('data' in fields) yield fields
      else asides.push(...lines)
    }
  }
}
