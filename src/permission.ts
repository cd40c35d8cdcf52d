/** What a caller can be allowed to do. Deny by default; `admin` covers all. */
export const permissions = [
  'memory:read',
  'memory:write',
  'memory:delete',
  'agents',
  'tasks',
  'events:append',
  'consensus',
  'sql:read',
  'backup',
  'admin',
] as const

export type Permission = (typeof permissions)[number]
