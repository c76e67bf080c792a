import type { TestProject } from 'vitest/node'
import { startMongo } from './start-mongo.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Of a one-node replica set that lasts as long as the test run. */
    mongoUri: string
  }
}

/** A vitest `globalSetup`: tests read the address with `inject("mongoUri")`. Returns what ends it. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const mongo = await startMongo()
  project.provide('mongoUri', mongo.uri)
  return async () => {
    await mongo[Symbol.asyncDispose]()
  }
}
