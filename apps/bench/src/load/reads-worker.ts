import { onJob } from '../child.ts'
import { generateReads } from './reads.ts'

onJob(generateReads)
