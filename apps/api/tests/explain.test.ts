import { expect, test } from 'vitest'
import { explain } from '../src/explain.ts'

const named = (name: string, message: string) => Object.assign(new Error(message), { name })

test.for<[string, unknown, string]>([
  [
    'a port that is taken',
    Object.assign(new Error('listen EADDRINUSE'), { code: 'EADDRINUSE', port: 8000 }),
    'Port 8000 is taken by another program. Stop that one, or choose another port: PORT=8001 npx pnpm start',
  ],
  [
    'a host that is not this machine',
    Object.assign(new Error('getaddrinfo ENOTFOUND 256.1.1.1'), { code: 'ENOTFOUND', syscall: 'getaddrinfo' }),
    'HOST is not an address of this machine: getaddrinfo ENOTFOUND 256.1.1.1. 127.0.0.1 is this machine alone, 0.0.0.0 all its interfaces.',
  ],
  [
    'an address whose name the DNS does not know',
    Object.assign(new Error('querySrv ENOTFOUND _mongodb._tcp.nowhere'), { code: 'ENOTFOUND', syscall: 'querySrv' }),
    'The host that MONGODB_URI names cannot be looked up: querySrv ENOTFOUND _mongodb._tcp.nowhere. Check the address and the network, or unset MONGODB_URI to use the embedded database.',
  ],
  [
    'a port that others may open',
    Object.assign(new Error('listen EACCES: permission denied 0.0.0.0:80'), { code: 'EACCES', port: 80 }),
    'Port 80 is not for this user to open. Choose one above 1023: PORT=8000 npx pnpm start',
  ],
  [
    'a database that does not answer',
    named('MongoServerSelectionError', 'connect ECONNREFUSED'),
    'MongoDB cannot be reached: connect ECONNREFUSED. Check MONGODB_URI, or unset it to use the embedded database.',
  ],
  [
    'an address that is none',
    named('MongoParseError', 'Protocol and host list are required'),
    'MONGODB_URI is not valid: Protocol and host list are required. It looks like mongodb://host:27017/?replicaSet=name',
  ],
  [
    'a database that refuses',
    named('MongoServerError', 'Authentication failed.'),
    'MongoDB refuses to open the shop: Authentication failed. Check that the user of MONGODB_URI may create collections and indexes, and that no stored data break them.',
  ],
  ['an error that speaks for itself', new Error('The disk is full.'), 'The disk is full.'],
  ['what is no error', 'stop', 'stop'],
])('%s is explained to a person', ([, error, text]) => {
  expect(explain(error)).toBe(text)
})
