import { writeToDisk } from './folders.ts'

// Imported by tests of what a disk has to keep: a crash, and a flush before it.
writeToDisk()
