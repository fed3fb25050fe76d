/** The part of JSON Schema in which the contract describes itself. */
export interface JsonSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly additionalProperties?: JsonSchema | boolean;
}

export interface Field {
  readonly name: string;
  /** `text, at most 200 characters`. */
  readonly type: string;
  readonly isRequired: boolean;
  /** As JSON; undefined when there is none. */
  readonly defaultValue: string | undefined;
  readonly schema: JsonSchema;
}

const AMOUNT = String.raw`^(0|[1-9]\d{0,19})$`;
const SIGNED_AMOUNT = String.raw`^-?(0|[1-9]\d{0,19})$`;
const HEX = /^\^\[0-9a-f\]\{(\d+)\}\$$/u;
const UNBOUNDED = Number.MAX_SAFE_INTEGER;

function describeText({ pattern, minLength, maxLength }: JsonSchema): string {
  if (pattern === AMOUNT) return 'amount';
  if (pattern === SIGNED_AMOUNT) return 'amount, may be negative';
  const digits = HEX.exec(pattern ?? '')?.[1];
  if (digits) return `hex of ${Number(digits) / 2} bytes`;
  if (pattern !== undefined) return `text like \`${pattern}\``;
  if (minLength !== undefined) return `text of ${minLength} to ${maxLength ?? 'any number of'} characters`;
  return maxLength === undefined ? 'text' : `text, at most ${maxLength} characters`;
}

function describeNumber({ type, minimum, maximum }: JsonSchema): string {
  const word = type === 'integer' ? 'whole number' : 'number';
  const from = minimum === undefined || minimum <= -UNBOUNDED ? undefined : minimum;
  const to = maximum === undefined || maximum >= UNBOUNDED ? undefined : maximum;
  if (from !== undefined && to !== undefined) return `${word} from ${from} to ${to}`;
  if (from !== undefined) return from === 0 ? word : `${word} from ${from}`;
  return to === undefined ? word : `${word} up to ${to}`;
}

/** A type in a few words. `nameOf` may know a name for an object. */
export function describeType(schema: JsonSchema, nameOf: (schema: JsonSchema) => string | undefined = () => undefined): string {
  const name = nameOf(schema);
  if (name !== undefined) return name;
  if (schema.enum) return `one of ${schema.enum.map((value) => `\`${String(value)}\``).join(' ')}`;
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (schema.anyOf) return schema.anyOf.map((option) => describeType(option, nameOf)).join(' or ');
  if (schema.type === 'string') return describeText(schema);
  if (schema.type === 'number' || schema.type === 'integer') return describeNumber(schema);
  if (schema.type === 'boolean') return 'true or false';
  if (schema.type === 'array') {
    const most = schema.maxItems === undefined ? '' : `, at most ${schema.maxItems}`;
    return `list of ${describeType(schema.items ?? {}, nameOf)}${most}`;
  }
  if (schema.type !== 'object') return 'anything';
  if (!schema.properties) {
    const values = typeof schema.additionalProperties === 'object' ? describeType(schema.additionalProperties, nameOf) : 'anything';
    return `object with names and values (${values})`;
  }
  const fields = fieldsOf(schema, nameOf).map((field) => `\`${field.name}\`${field.isRequired ? '' : '?'} ${field.type}`);
  return `{ ${fields.join('; ')} }`;
}

/** The fields of an object, in the order of the contract. */
export function fieldsOf(schema: JsonSchema, nameOf?: (schema: JsonSchema) => string | undefined): readonly Field[] {
  return Object.entries(schema.properties ?? {}).map(([name, field]) => ({
    name,
    type: describeType(field, nameOf),
    isRequired: (schema.required ?? []).includes(name),
    defaultValue: field.default === undefined ? undefined : JSON.stringify(field.default),
    schema: field,
  }));
}
