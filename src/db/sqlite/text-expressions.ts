import { marked, type TextSource } from '../fulltext.ts'

// Expressions of FTS5, https://sqlite.org/fts5.html#full_text_query_syntax

/** The records of a source that hold any of the terms. */
export function inText(source: TextSource, terms: readonly string[]): string {
  return `{title body} : (${anyOf(source, terms)})`
}

/** Those that hold the term in their title. */
export function inTitle(source: TextSource, term: string): string {
  return `title : (${anyOf(source, [term])})`
}

export function inScope(scope: string): string {
  return `scope : ${quoted(scope)}`
}

/** What all of these find; those that are undefined find everything. */
export function all(...expressions: readonly (string | undefined)[]): string {
  return expressions
    .filter(expression => expression !== undefined)
    .map(expression => `(${expression})`)
    .join(' AND ')
}

function anyOf(source: TextSource, terms: readonly string[]): string {
  return terms.map(term => quoted(marked(source, term))).join(' OR ')
}

/** In quotes nothing is an operator. */
function quoted(term: string): string {
  return `"${term.replaceAll('"', '""')}"`
}
