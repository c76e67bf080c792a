import { fork } from 'node:child_process'
import { once } from 'node:events'

type Message = { readonly answer: unknown } | { readonly error: string }

/** A process of its own that has answered its job, and may go on serving until it is disposed of. */
export interface Child<Answer> extends AsyncDisposable {
  readonly answer: Answer
}

/** Runs a module that calls `onJob` in a process of its own, and waits for its answer. */
export async function startChild<Answer>(module: URL, job: object): Promise<Child<Answer>> {
  const process = fork(module, {
    // As `pnpm start` does, for all contenders alike.
    execArgv: ['--no-allocation-site-pretenuring', '--conditions=@stockroom/source'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const exited = once(process, 'exit')
  process.send(job)
  const told = once(process, 'message') as Promise<[Message]>
  const message = await Promise.race([
    told.then(([first]) => first),
    exited.then(() => ({ error: 'it ended too early' })),
  ])
  const child = {
    async [Symbol.asyncDispose]() {
      if (process.connected) process.disconnect()
      const kill = setTimeout(() => process.kill('SIGKILL'), 3000)
      await exited
      clearTimeout(kill)
    },
  }
  if ('answer' in message) return { ...child, answer: message.answer as Answer }
  await child[Symbol.asyncDispose]()
  throw new Error(`${module.pathname.split('/').at(-1)}: ${message.error}`)
}

/** In the child: does the job it is sent, and ends with the process that started it. */
export function onJob(work: (job: never) => Promise<unknown>): void {
  process.once('disconnect', () => process.exit())
  process.once('message', (job) => {
    work(job as never).then(
      (answer) => process.send?.({ answer }),
      (error: unknown) =>
        process.send?.({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    )
  })
}
