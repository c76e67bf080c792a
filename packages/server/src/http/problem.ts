import { STATUS_CODES } from 'node:http'
import type { ErrorCode } from '@stockroom/contracts'
import { errors } from '@stockroom/contracts'
import type { ShopError } from '../domain/errors.ts'
import { jsonSchemaOf } from './json-schema.ts'
import type { RestResponse } from './rest-perform.ts'
import { encoder } from './wire-names.ts'

const problemHead = ['content-type', 'application/problem+json; charset=utf-8', 'cache-control', 'no-store']

const encodeDetails = new Map(
  Object.entries(errors).map(([code, { details }]) => [code as ErrorCode, encoder(jsonSchemaOf(details, 'output'))]),
)

/** An error as RFC 9457 says it, with the code and details of contracts/errors.ts. */
export function problem(error: ShopError, requestId: string): RestResponse & { body: string } {
  const { status, text, next } = errors[error.code]
  const details = encodeDetails.get(error.code)!(error.details) as Record<string, unknown>
  const body = {
    type: 'about:blank',
    title: STATUS_CODES[status],
    status,
    detail: text,
    code: error.code,
    next_step: next,
    request_id: requestId,
    ...('issues' in details ? { errors: details.issues } : Object.keys(details).length > 0 && { details }),
  }
  return {
    status,
    head: status === 503 ? [...problemHead, 'retry-after', '1'] : problemHead,
    body: JSON.stringify(body),
  }
}
