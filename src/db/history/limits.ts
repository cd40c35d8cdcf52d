/** How many versions of a record are kept, and for how many days, where nothing is said of its namespace. */
export const defaultLimits = { versions: 20, days: 90 } as const
