import { jsonSchemaOf } from './json-schema.ts'
import { onceEach } from './once-each.ts'
import type { Parts } from './pieces.ts'
import { listPieces } from './pieces.ts'
import { plainUrl } from './plain-json.ts'
import type { ReadyDoor, ReadyRequest } from './ready-bytes.ts'
import type { ReadyProcedure } from './ready-procedures.ts'
import { readyProcedures } from './ready-procedures.ts'
import type { RestDoor } from './rest-answer.ts'
import { resources } from './rest-forms.ts'
import { finder } from './rest-finder.ts'
import type { RestRequest } from './rest-input.ts'
import { inputReader } from './rest-input.ts'
import type { Operation } from './rest-operations.ts'
import { encoder, toSnake } from './wire-names.ts'

type Prepare = (request: RestRequest) => ReadyRequest | undefined

/** What the REST door keeps ready: the operations of ready procedures. */
export function readyRest(door: RestDoor): ReadyDoor {
  const procedures = readyProcedures(door.router)
  const find = finder(
    new Map(
      door.operations.flatMap((operation) => {
        const procedure = procedures.get(operation.procedure)
        return procedure ? [[operation, preparer(door, operation, procedure)] as const] : []
      }),
    ),
  )
  return ({ url = '', headers }) => {
    const { path, query } = plainUrl(url) ?? {}
    // A HEAD is a GET without the body.
    const found = path === undefined ? undefined : find('GET', path)
    return found && query && found.value({ params: found.params, query, headers, body: undefined })
  }
}

function preparer({ shop }: RestDoor, operation: Operation, { prepare }: ReadyProcedure): Prepare {
  const { procedure, route, answer, fields } = operation
  // The address alone is what the bytes are kept by.
  if (fields.some(({ places }) => places.includes('header')))
    throw new Error(`${procedure} cannot be ready: a header is part of its input`)
  const { read } = inputReader(operation)
  const { schema } = resources[route.resource]
  const encode = encoder(jsonSchemaOf(schema, 'output'))
  const resourceText = onceEach((resource: object) => JSON.stringify(encode(schema.parse(resource))))
  const resourcePieces = listPieces(resourceText)

  return (request) => {
    const run = prepare(read(request), { shop, call: {} })
    return run && { run: async () => [await run()], partsOf, contentType: 'application/json; charset=utf-8', vary: [] }
  }

  function partsOf([output]: readonly unknown[]): Parts {
    const values = Object.entries(answer.present(output, true) as object)
    return [
      ...values.flatMap(([name, value], index) => [
        `${index === 0 ? '{' : ','}"${toSnake(name)}":`,
        ...valueParts(value),
      ]),
      '}',
    ]
  }

  function valueParts(value: unknown): Parts {
    if (Array.isArray(value)) return ['[', ...resourcePieces(value), ']']
    return [typeof value === 'object' && value !== null ? resourceText(value) : JSON.stringify(value)]
  }
}
