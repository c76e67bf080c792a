import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Cluster } from '../src/cluster.ts'
import { startCluster } from '../src/cluster.ts'
import { tortureCopy } from '../src/plant.ts'
import { plantedBugs } from '../src/planted-bugs.ts'
import { contended } from '../src/planted-profiles.ts'
import { report } from '../src/report.ts'

const seed = 20_261_102

describe('the checker finds', { timeout: 60_000 }, () => {
  let cluster: Cluster
  beforeAll(async () => {
    cluster = await startCluster()
  })
  afterAll(() => cluster[Symbol.asyncDispose]())

  test('nothing in a copy of the server as it is', async () => {
    const verdict = await tortureCopy({ cluster, seed, profile: contended, patches: [] })
    expect(verdict.violations, report(verdict).join('\n')).toEqual([])
  })

  test.each(plantedBugs)('a planted bug: $name', async ({ profile, patches, expected }) => {
    const verdict = await tortureCopy({ cluster, seed, profile, patches })
    const found = verdict.violations.map(({ kind }) => kind)
    expect(found, report(verdict).join('\n')).toEqual(expect.arrayContaining([...expected]))
  })
})
