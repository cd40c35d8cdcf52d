import { InvalidInput } from '../../errors.ts'

/** Of a document without its large array; more is none of ours. */
const maxRestLength = 1024 * 1024

const code = {
  quote: 34,
  comma: 44,
  openBracket: 91,
  backslash: 92,
  closeBracket: 93,
  openBrace: 123,
  closeBrace: 125,
}

/**
 * Reads a JSON document with one large array bit by bit: hands out the array's elements as texts, and keeps
 * the rest of the document, so that memory holds one element at a time.
 */
export class ArrayElements {
  /** The document without the elements: still JSON, with an empty array in their place. */
  rest = ''
  readonly #opening: RegExp
  #element = ''
  #depth = 0
  #inString = false
  #escaped = false
  #inArray = false
  #afterComma = false

  /** @param name the field of the document that holds the array */
  constructor(name: string) {
    this.#opening = new RegExp(`"${name}"\\s*:\\s*\\[$`)
  }

  /** The elements that end in this piece of the text. */
  *take(text: string): Generator<string> {
    let start = 0
    for (let i = 0; i < text.length; i++) {
      const character = text.charCodeAt(i)
      if (this.#isInString(character)) continue
      this.#count(character)
      if (!this.#inArray) {
        if (character !== code.openBracket || this.#depth !== 2) continue
        this.#keep(text.slice(start, i + 1))
        this.#inArray = this.#opening.test(this.rest.slice(-1000))
        start = i + 1
      } else if (this.#depth === 1 || (this.#depth === 2 && character === code.comma)) {
        const element = this.#element + text.slice(start, i)
        this.#inArray = this.#depth !== 1
        // An empty array has no element; after a comma there must be one, even if it turns out to be no JSON.
        if (this.#inArray || this.#afterComma || element.trim() !== '') yield element
        this.#afterComma = this.#inArray
        this.#element = ''
        start = this.#inArray ? i + 1 : i
      }
    }
    if (this.#inArray) this.#element += text.slice(start)
    else this.#keep(text.slice(start))
  }

  /** Throws when the document ended within the array. */
  end(): void {
    if (this.#inArray) throw new InvalidInput('the file ends in the middle of its records')
  }

  #keep(text: string): void {
    this.rest += text
    if (this.rest.length > maxRestLength)
      throw new InvalidInput('the file is no export: it holds too much else')
  }

  #isInString(character: number): boolean {
    if (!this.#inString) {
      this.#inString = character === code.quote
      return this.#inString
    }
    if (this.#escaped) this.#escaped = false
    else if (character === code.backslash) this.#escaped = true
    else if (character === code.quote) this.#inString = false
    return true
  }

  #count(character: number): void {
    if (character === code.openBracket || character === code.openBrace) this.#depth++
    else if (character === code.closeBracket || character === code.closeBrace) this.#depth--
  }
}
