export { type ErrorCode, HivewaxError } from './errors.ts'
export type { Memory } from './memory.ts'
export { type OpenOptions, openMemory } from './open.ts'
