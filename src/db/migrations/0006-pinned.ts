import type { Migration } from '../migration.ts'

const index = `
-- the few records that every briefing shows; most rows cost no more than the look at their metadata
create index memory_store_pinned on memory_store (updated_at)
where replace(metadata, '"pinned":true', '') <> metadata;
`

/** Records that are pinned are found without reading all. */
export const pinned: Migration = { id: 6, name: 'pinned', sqlite: index, postgres: index }
