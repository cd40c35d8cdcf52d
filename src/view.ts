/** The fields of a record; of records of several kinds, those of each kind. */
type FieldOf<Item> = Item extends unknown ? keyof Item & string : never

/** A field, or a column that is computed of a record, with its name. */
type Column<Item> = FieldOf<Item> | readonly [name: string, of: (item: Item, nowMs: number) => unknown]

/** How a list shows to people, who see some of it, and what there is of it for all others. */
export interface View<Item> {
  /** At most six, the most important first: the first one names the record. What is too many for a terminal is left out from the end. */
  readonly columns: readonly Column<Item>[]
  /** The name of the column that takes the width which the others leave. */
  readonly rest: string
  /** All fields that a record may have, in its order. */
  readonly fields: readonly FieldOf<Item>[]
}

/** The view of an operation of which no more is known than that it lists records. */
export type AnyView = View<Readonly<Record<string, unknown>>>

/** The records that an answer lists; `never` of what is no list of records. */
type ItemOf<Answer> = [Answer] extends [
  readonly (infer Item extends object)[] | { readonly items: readonly (infer Item extends object)[] },
]
  ? Item
  : never

/** Demands a view of what lists records whose fields are known, unless there is one of such records. */
export type Demand<Answer, Viewed> = [ItemOf<Answer>] extends [readonly unknown[] | Viewed]
  ? unknown
  : string extends keyof ItemOf<Answer>
    ? unknown
    : { readonly view: View<ItemOf<Answer>> }

/** A view for whoever shows records of that kind, and knows no more of them. */
export function anyView<Item>(view: View<Item>): AnyView {
  return view as unknown as AnyView
}

/** The columns of a view that people see unless they ask for others, by their names. */
export function columnNames({ columns }: AnyView): string[] {
  return columns.map(column => (typeof column === 'string' ? column : column[0]))
}

/** All that there is to choose from: the columns that people see, then all other fields. */
export function allColumnNames(view: AnyView): string[] {
  return [...new Set([...columnNames(view), ...view.fields])]
}
