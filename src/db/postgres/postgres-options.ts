/** Apart from the store, whose types need the driver: what a user compiles against must not. */
export interface PostgresOptions {
  /** How many connections at most. Default 10. */
  maxConnections?: number | undefined
  /** The schema that holds the tables. Default `public`, or what the URL's `schema` says. */
  schema?: string | undefined
  /**
   * As whom the SQL of others than the process's owner runs (see `caller` of `query`): the URL of a role that can only
   * read, or `owner` for the role of the store itself. Default: HIVEWAX_READER, else it is refused.
   */
  reader?: string | undefined
  /**
   * How long a call may wait, in milliseconds: for a lock that another transaction holds, for a connection when none
   * comes free, and for a server that went away. Default 5,000.
   */
  busyTimeoutMs?: number | undefined
}
