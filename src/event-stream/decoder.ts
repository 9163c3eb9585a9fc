/** The result of validating a value with a Standard Schema. */
export type StandardSchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string }[] }

/** The part of Standard Schema that is used here, which zod, valibot and others implement: {@link https://standardschema.dev}. */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly validate: (value: unknown) => StandardSchemaResult<Output> | PromiseLike<StandardSchemaResult<Output>>
    readonly types?: { readonly output: Output } | undefined
  }
}

/**
 * A function that receives an event's data, or a Standard Schema for the result of `JSON.parse`. Both may be async.
 */
export type Decoder<Data> = ((data: string) => Data | PromiseLike<Data>) | StandardSchema<Data>

/**
 * Decodes the data of one event.
 * @throws what the function or `JSON.parse` throws; for a schema's issues, a TypeError that has them as `issues`, with the
 * message of the first
 */
export async function decodeData<Data>(decoder: Decoder<Data>, data: string): Promise<Data> {
  // Schemas of some libraries are functions, too.
  if (!('~standard' in decoder)) return decoder(data)
  const result = await decoder['~standard'].validate(JSON.parse(data))
  const { issues } = result
  if (issues) throw Object.assign(new TypeError(issues[0]?.message), { issues })
  return result.value
}
