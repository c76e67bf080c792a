import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startCluster } from '../src/cluster.ts'
import { shortProfile } from '../src/profiles.ts'
import { report } from '../src/report.ts'
import { torture } from '../src/run.ts'

const seed = 20_261_101

test(
  'a shop whose database, servers and network are broken while it sells keeps every promise',
  { timeout: 150_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'stockroom-torture-'))
    await using cluster = await startCluster()
    const verdict = await torture({ cluster, seed, profile: shortProfile, folder })
    const { counts, faults, violations } = verdict
    expect(violations, `${report(verdict).join('\n')}\nThe history is in ${folder}.`).toEqual([])
    expect(faults).toEqual({ 'kill -9 primary': 3, 'kill -9 server': 3, 'partition primary from members': 1 })
    expect(counts.lostAnswers).toBeGreaterThanOrEqual(200)
    expect(counts.replayed).toBeGreaterThanOrEqual(50)
    expect(counts).toMatchObject({ lost: 0, doubled: 0, oversold: 0, unknownAfterRepeat: 0 })
    await rm(folder, { recursive: true })
  },
)
