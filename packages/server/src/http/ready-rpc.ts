import type { ReadyDoor } from './ready-bytes.ts'
import { readyProcedures } from './ready-procedures.ts'
import { rpcInputs } from './rpc-inputs.ts'
import type { TrpcOptions } from './rpc-options.ts'
import { plainCallReader } from './rpc-plain-call.ts'
import { superjsonParts } from './superjson-parts.ts'

/** What the RPC door keeps ready: plain calls of ready procedures, single and batched. */
export function readyRpc(options: Omit<TrpcOptions, 'maxBodySize'>): ReadyDoor {
  const { router, basePath, createContext } = options
  // Queries alone are kept ready, and they have no body.
  const plainCall = plainCallReader({ ...options, maxBodySize: 0 })
  const ready = new Map(
    Array.from(readyProcedures(router), ([path, { prepare, item }]) => [
      path,
      { prepare, dataParts: superjsonParts((resource) => item.parse(resource)) },
    ]),
  )

  return (request) => {
    const call = request.url?.startsWith(basePath) ? plainCall(request) : undefined
    if (call?.type !== 'query') return undefined
    const { isBatch, paths, input } = call
    const inputs = rpcInputs(router, call, input)
    const ctx = createContext()
    const calls = paths.flatMap((path, index) => {
      const procedure = ready.get(path)
      const run = procedure?.prepare(inputs.read(index), ctx)
      return procedure && run ? { run, dataParts: procedure.dataParts } : []
    })
    // One that is not ready takes its neighbours to the door.
    if (calls.length < paths.length) return undefined
    return {
      run: () => Promise.all(calls.map(({ run }) => run())),
      partsOf(outputs) {
        const parts = calls.flatMap(({ dataParts }, index) => [
          index === 0 ? '{"result":{"data":' : ',{"result":{"data":',
          ...dataParts(outputs[index]),
          '}}',
        ])
        return isBatch ? ['[', ...parts, ']'] : parts
      },
      contentType: 'application/json',
      vary: ['trpc-accept', 'accept'],
    }
  }
}
