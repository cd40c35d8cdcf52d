import { type Table, tables } from './tables.ts'

/** SQL from outside changes neither the author nor what each write of ours does. */
function addTo({ name, covered, counts }: Table): string {
  const column = `\nalter table ${name} add column author text;`
  if (counts === undefined) return column
  const differs = covered.map(each => `new.${each} is distinct from old.${each}`).join(' or ')
  return `${column}
create trigger ${name}_author before update of ${covered.join(', ')} on ${name}
for each row when (new.${counts} is not distinct from old.${counts} and (${differs})) execute function hivewax_unknown_author();`
}

/** The part of PostgreSQL. */
export const postgres = `
create function hivewax_unknown_author() returns trigger language plpgsql as $$ begin
  new.author := null;
  return new;
end $$;
${tables.map(addTo).join('')}
`
