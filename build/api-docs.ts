import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ERROR_CODES, events, methods, type Method } from '../core/api.ts';
import { fieldsOf, type Field, type JsonSchema } from '../core/lib/describe-schema.ts';
import { ERROR_SUMMARIES, EVENT_SUMMARIES } from './api-words.ts';
import type { Violation } from './source.ts';

const DOCUMENT = 'docs/api.md';

const GROUPS: Readonly<Record<string, string>> = {
  node: 'The program itself',
  vault: 'The words, the password and the lock',
  wallet: 'Coins on chain',
  peer: 'Other nodes',
  channel: 'Payment channels',
  invoice: 'Invoices of ours',
  payment: 'Payments over channels',
  activity: 'What happened',
  graph: 'The network',
  backup: 'Copies',
  ledger: 'The book of accounts',
  playground: 'A practice network',
};

const HEAD = `# The API

<!-- Generated from core/api.ts by \`npm run docs\`; \`npm run check\` compares. -->
<!-- prettier-ignore-start -->

Every request and every event of Sferic's engine. The window, the command line and programs of yours use the same.

## How to talk to it

\`npm run headless\` starts the engine without a window. It listens at a Unix socket (\`rpc.sock\` in the data folder, mode
0600; a named pipe on Windows) and speaks JSON-RPC 2.0, one JSON object a line:

\`\`\`
→ {"jsonrpc":"2.0","id":1,"method":"invoice.create","params":{"amountMsat":"25000000","description":"tea"}}
← {"jsonrpc":"2.0","id":1,"result":{"paymentHash":"...","invoice":"lnbc...","state":"open", ...}}
→ {"jsonrpc":"2.0","id":2,"method":"payment.get","params":{"paymentHash":"00"}}
← {"jsonrpc":"2.0","id":2,"error":{"code":-32602,"message":"...","data":{"code":"bad_request","parameter":"paymentHash"}}}
\`\`\`

- Any number of requests may be under way; answers come in the order in which they are done. A line has 1 MiB at most.
- Parameters are an object; unknown names are refused. A parameter without default that is marked optional may be left out.
- An amount is text of digits (\`"25000000"\`), because JSON's numbers are not exact; its unit is in its name.
- Hex is in lower case. Times are milliseconds since 1970, heights are block heights.
- After \`node.subscribe\` the connection is told events: \`{"jsonrpc":"2.0","method":"event","params":{"name":"...","data":{...}}}\`.
  A client that does not read them is dropped when 8 MiB wait for it.
- The same by hand: \`npm run cli -- invoice.create amountMsat=25000000 description=tea\`, \`npm run cli -- help invoice.create\`.
`;

const schemaOf = (schema: { readonly toJSONSchema: (options: { readonly io: 'input' }) => object }): JsonSchema => {
  // Without the line that names the dialect, the same object is the same text wherever it stands.
  const { $schema: _dialect, ...rest } = schema.toJSONSchema({ io: 'input' }) as JsonSchema & { readonly $schema?: string };
  return rest;
};

/** What events carry are the objects that answers repeat: they are described once. */
const OBJECTS: ReadonlyMap<string, string> = new Map(
  Object.entries(events)
    .filter(([name]) => name.includes('.'))
    .map(([name, schema]) => [JSON.stringify(schemaOf(schema)), name.split('.')[0] ?? name]),
);

const linkTo = (name: string): string => `[${name}](#object-${name})`;

const nameOf = (schema: JsonSchema): string | undefined => {
  const name = OBJECTS.get(JSON.stringify(schema));
  return name === undefined ? undefined : linkTo(name);
};

const cell = (text: string): string => text.replaceAll('|', String.raw`\|`);

function tableOf(fields: readonly Field[], withDefaults: boolean): string {
  const rows = fields.map(({ name, type, isRequired, defaultValue }) => {
    const note = isRequired ? '' : defaultValue === undefined ? 'optional' : `\`${defaultValue}\``;
    return `| \`${name}\` | ${cell(type)} | ${note} |`;
  });
  return [`| name | what it is | ${withDefaults ? 'default' : ''} |`, '| --- | --- | --- |', ...rows].join('\n');
}

function paramsText(schema: JsonSchema): string {
  const fields = fieldsOf(schema, nameOf);
  return fields.length === 0 ? 'Parameters: none.' : `Parameters:\n\n${tableOf(fields, true)}`;
}

function answerText(schema: JsonSchema): string {
  const isList = schema.type === 'array';
  const entry = isList ? (schema.items ?? {}) : schema;
  const name = nameOf(entry);
  if (name !== undefined) return `Answer: ${isList ? `a list of ${name}` : name}.`;
  const fields = fieldsOf(entry, nameOf);
  if (fields.length === 0) return 'Answer: an empty object.';
  return `Answer${isList ? ', a list of' : ''}:\n\n${tableOf(fields, false)}`;
}

const sentence = (text: string): string => text.replace(/[^.]$/u, '$&.');

function methodText(name: Method): string {
  const { summary, params, result } = methods[name];
  return `### ${name}\n\n${sentence(summary)}\n\n${paramsText(schemaOf(params))}\n\n${answerText(schemaOf(result))}\n`;
}

function groupsText(): string {
  const names = Object.keys(methods) as Method[];
  const groups = Map.groupBy(names, (name) => name.split('.')[0] ?? '');
  return [...groups]
    .map(([group, members]) => {
      const title = GROUPS[group];
      return `## ${group}${title ? `: ${title[0]?.toLowerCase()}${title.slice(1)}` : ''}\n\n${members.map(methodText).join('\n')}`;
    })
    .join('\n');
}

function objectsText(): string {
  const seen = new Set<string>();
  return Object.entries(events)
    .map(([name, schema]) => {
      const object = nameOf(schemaOf(schema)) ? (name.split('.')[0] ?? name) : name;
      if (seen.has(object)) return '';
      seen.add(object);
      return `### Object: ${object}\n\n${tableOf(fieldsOf(schemaOf(schema), nameOf), false)}\n`;
    })
    .join('\n');
}

const eventsText = (): string =>
  [
    '| event | when | its data |',
    '| --- | --- | --- |',
    ...Object.entries(EVENT_SUMMARIES).map(
      ([name, summary]) => `| \`${name}\` | ${summary} | ${linkTo(name.split('.')[0] ?? name)} |`,
    ),
  ].join('\n');

const errorsText = (): string =>
  [
    '| code | when |',
    '| --- | --- |',
    ...ERROR_CODES.map((code) => `| \`${code}\` | ${ERROR_SUMMARIES[code]} |`),
  ].join('\n');

/** docs/api.md as it must be. */
export const apiDocument = (): string => `${HEAD}
${groupsText()}
## Events

${eventsText()}

## Objects

${objectsText()}
## Errors

The message of an error may be shown as it is. Its \`code\` is one of these; \`data\` may say more (which parameter, which limit).

${errorsText()}

<!-- prettier-ignore-end -->
`;

/** Whether docs/api.md says what core/api.ts says. */
export function checkApiDocument(root: string): { readonly methodCount: number; readonly violations: readonly Violation[] } {
  const file = join(root, DOCUMENT);
  const found = existsSync(file) ? readFileSync(file, 'utf8').replaceAll('\r\n', '\n') : '';
  const wanted = apiDocument();
  const line = wanted.split('\n').findIndex((text, at) => found.split('\n')[at] !== text) + 1;
  const violation = { path: DOCUMENT, line, rule: 'differs from core/api.ts', advice: 'Run: npm run docs' };
  return { methodCount: Object.keys(methods).length, violations: found === wanted ? [] : [violation] };
}

if (import.meta.main) {
  writeFileSync(join(fileURLToPath(new URL('..', import.meta.url)), DOCUMENT), apiDocument());
  console.log(`${DOCUMENT} is written`);
}
