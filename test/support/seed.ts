import fc from 'fast-check'
import { seedOfRun } from './rounds.ts'

// Loaded before each test file.
fc.configureGlobal({ seed: seedOfRun() })
