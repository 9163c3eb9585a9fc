import fc from 'fast-check'
import { bytesOf, type Piece } from '../../fixtures/streams/notation.ts'

/** A pause of the server, so that the next bytes arrive in a separate chunk. */
export const pause: unique symbol = Symbol('pause')

export type Token = Piece | typeof pause

/** A stream in the notation of fixtures/streams, as a list of meaningful pieces. */
export type Tokens = readonly Token[]

/** Returns the stream in the notation of the fixtures: a list of pieces for each chunk. */
export function chunksOf(tokens: Tokens): Piece[][] {
  const chunks: Piece[][] = [[]]
  for (const token of tokens) {
    if (token === pause) chunks.push([])
    else chunks.at(-1)?.push(token)
  }
  return chunks.filter((chunk) => chunk.length > 0)
}

export function bytesOfChunk(pieces: readonly Piece[]): Uint8Array {
  // Each piece is converted separately, because two adjacent ones may look like bytes in hexadecimal digits.
  return Buffer.concat(pieces.map(bytesOf))
}

const lineEnd = fc.constantFrom('\n', '\n', '\n', '\r', '\r\n')

const byteSequences = [
  ['<EF BB BF>', '<EF BB>', '<BF>', '<FE FF>', '<C3>', '<C3 A9>', '<A9>', '<E2 82>', '<AC>', '<F0 9F A6>', '<84>'],
  ['<80>', '<FF>', '<C0 80>', '<C0 8A>', '<E0 80 8A>', '<ED A0 80>', '<ED B0 80>', '<F4 90 80 80>', '<F8 88 80 80 80>'],
  [
    '<E2 80 A8>',
    '<E2 80 A9>',
    '<C2 85>',
    '<C2 A0>',
    '<EF BF BE>',
    '<EF BF BF>',
    '<0B>',
    '<0C>',
    '<01>',
    '<7F>',
    '<1F>',
  ],
].flat()

const oddPiece = fc.oneof(
  fc.constantFrom(...byteSequences),
  fc
    .uint8Array({ minLength: 1, maxLength: 4 })
    .map((bytes) => `<${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join(' ')}>`),
)

const text = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom('a', 'b c', ' ', '  d', 'e ', '\t', ':', ': f', '{"g":1}', '"', 'data: h') },
  { weight: 3, arbitrary: fc.constantFrom('é', '€', '🦄', 'ï»¿', '\u0000', '\u0000i', 'j\u0000k', '0', '-1') },
  { weight: 1, arbitrary: fc.constantFrom<Piece>({ text: 'x', times: 5_000 }, { text: 'é', times: 70_000 }) },
  { weight: 2, arbitrary: oddPiece },
)

const types = ['tick', 'message', 'open', 'error', 'close', 'Message', 'on', 'onmessage', '__proto__', 'constructor']
const ids = [
  '1',
  '2',
  '007',
  '-1',
  'é',
  '識別',
  '🦄',
  'a b',
  ' a',
  'a ',
  'a\tb',
  '\u0000',
  '1\u0000',
  '\u00002',
  '"',
  ',',
  '%0A',
]
const delays = [
  '0',
  '1',
  '10',
  '007',
  '500',
  '100000',
  '2147483648',
  '4294967295',
  '4294967296',
  '4294967297',
  '9223372036854775808',
  '18446744073709551615',
  '18446744073709551616',
]
const noDelays = [
  '',
  '-1',
  '+1',
  '1.5',
  '1e3',
  '0x1',
  '1 ',
  ' 1',
  '٣',
  '１',
  '1\u0000',
  'a',
  '99999999999999999999999999',
]

const space = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(': ', ':') },
  { weight: 1, arbitrary: fc.constantFrom(':  ', ':\t', ' : ', ': \u0000') },
)

function field(name: string, value: fc.Arbitrary<Piece>): fc.Arbitrary<Piece[]> {
  return fc.tuple(space, value).map(([colon, chosen]) => [`${name}${colon}`, chosen])
}

const line: fc.Arbitrary<Piece[]> = fc.oneof(
  { weight: 10, arbitrary: fc.constant<Piece[]>([]) },
  { weight: 10, arbitrary: field('data', text) },
  { weight: 5, arbitrary: field('event', fc.oneof(fc.constantFrom<Piece>(...types), text)) },
  { weight: 6, arbitrary: field('id', fc.oneof(fc.constantFrom<Piece>(...ids), text)) },
  { weight: 3, arbitrary: field('retry', fc.constantFrom<Piece>(...delays, ...noDelays)) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom('data', 'event', 'id', 'retry', 'dat', 'Data', 'ids', ' data')
      .map((name): Piece[] => [name]),
  },
  { weight: 2, arbitrary: fc.array(text, { maxLength: 3 }).map((pieces) => [':', ...pieces]) },
  { weight: 2, arbitrary: fc.array(text, { maxLength: 4 }) },
)

const piecesOfLine: fc.Arbitrary<Tokens> = fc
  .tuple(
    line,
    // An odd piece at an unexpected position.
    fc.option(fc.tuple(fc.nat(3), oddPiece), { freq: 40 }),
    // Without a line ending, two lines become one.
    fc.option(lineEnd, { freq: 30 }),
    fc.option(fc.nat(4), { freq: 15 }),
  )
  .map(([pieces, odd, end, pauseAt]) => {
    const tokens: Token[] = [...pieces]
    if (odd !== null) tokens.splice(Math.min(odd[0], tokens.length), 0, odd[1])
    if (end !== null) tokens.push(end)
    if (pauseAt !== null) tokens.splice(Math.min(pauseAt, tokens.length), 0, pause)
    return tokens
  })

const beginning: fc.Arbitrary<Tokens> = fc.oneof(
  { weight: 8, arbitrary: fc.constant([]) },
  {
    weight: 4,
    arbitrary: fc.constantFrom<Tokens>(['<EF BB BF>'], ['<EF BB BF>', '<EF BB BF>'], ['<EF>', pause, '<BB BF>']),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Tokens>(['<EF BB>'], ['<FE FF>'], ['ï»¿'], ['\u0000'], ['\n'], ['\r', pause, '\n']),
  },
)

/** Streams of mostly well-formed lines with pieces that parsers may get wrong. */
export const randomStream: fc.Arbitrary<Tokens> = fc
  .tuple(beginning, fc.array(piecesOfLine, { maxLength: 20 }), fc.constantFrom('\n\n', '\n', ''))
  .map(([first, lines, last]) => [...first, ...lines.flat(), last])
