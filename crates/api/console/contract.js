// One contract in Swagger UI, with what an operation needs filled in by itself.

import { translate } from "./words.js";

const documents = new Map();

/** The contract of an audience. */
export async function load(audience) {
  if (!documents.has(audience)) {
    const response = await fetch(`/openapi/${audience}.json`);
    documents.set(audience, await response.json());
  }
  return documents.get(audience);
}

/** Chinese names of a closed set, as its description spells them: `code=名称，code=名称`. */
export function labels(document, set) {
  const description = document.components?.schemas?.[set]?.description ?? "";
  return Object.fromEntries(description.split("，").map((pair) => pair.split("=")));
}

/**
 * Draws a contract into a place.
 * `fetching` sends a request with the tokens, `refreshToken` gives the one to fill in, `answered` sees every response.
 */
export function draw(place, document, { callable, fetching, refreshToken, answered }) {
  const root = window.document.createElement("div");
  place.replaceChildren(root);
  const keyed = operationsWithKey(document);
  const samples = new Set(tokenSamples(document));
  window.SwaggerUIBundle({
    domNode: root,
    spec: withTimesToCome(withOpenFilters(withOptionalKeys(document))),
    docExpansion: "list",
    filter: true,
    defaultModelsExpandDepth: -1,
    defaultModelExpandDepth: 3,
    displayRequestDuration: true,
    tryItOutEnabled: callable,
    supportedSubmitMethods: callable ? ["get", "put", "post", "delete"] : [],
    validatorUrl: null,
    plugins: [{ fn: { opsFilter: containing } }],
    requestInterceptor(request) {
      const path = new URL(request.url, location.origin).pathname;
      fillInKey(request, keyed, path);
      fillInRefreshToken(request, samples, refreshToken());
      // The token is added on the way out, so that it never stands in the shown command.
      request.userFetch = async (url, options) => {
        const response = await fetching(url, options);
        await answered(request.method.toUpperCase(), path, response);
        return response;
      };
      return request;
    },
  });
  translate(root);
}

function* operations(document) {
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) yield { path, method, operation };
  }
}

const isKey = (parameter) => parameter.in === "header" && parameter.name.toLowerCase() === "idempotency-key";

function operationsWithKey(document) {
  const found = [...operations(document)].filter(({ operation }) => operation.parameters?.some(isKey));
  return found.map(({ path, method }) => {
    const parts = path.split("/").map((part) => (part.startsWith("{") ? "[^/]+" : part));
    return { method, path: new RegExp(`^${parts.join("/")}$`) };
  });
}

/** The same document for people: they may leave the key empty, and no printed key is used twice. */
function withOptionalKeys(document) {
  const copy = structuredClone(document);
  for (const { operation } of operations(copy)) {
    for (const parameter of operation.parameters?.filter(isKey) ?? []) {
      parameter.required = false;
      parameter.description = "留空即自动填写，每次执行都是一次新的操作；填写同一个值则视为重试。";
      delete parameter.example;
      delete parameter.schema?.example;
    }
  }
  return copy;
}

/** Swagger UI would fill a filter's example in, and hide everything else from whoever only wants to look. */
function withOpenFilters(document) {
  for (const { operation } of operations(document)) {
    const filters = operation.parameters?.filter((parameter) => parameter.in === "query" && !parameter.required) ?? [];
    for (const filter of filters) {
      const example = filter.example ?? filter.schema?.example;
      if (example !== undefined) filter.description = `${filter.description ?? ""}，如 ${example}`;
      delete filter.example;
      delete filter.schema?.example;
    }
  }
  return document;
}

/** The contract's examples happen on one day; here it is always a month ahead, so that what is planned for it is accepted. */
function withTimesToCome(document) {
  const ahead = new Date(Date.now() + 30 * 24 * 3600 * 1000).toISOString().slice(0, 10);
  return JSON.parse(JSON.stringify(document).replaceAll("2026-11-24T", `${ahead}T`));
}

function fillInKey(request, keyed, path) {
  const method = request.method.toLowerCase();
  const needed = keyed.some((one) => one.method === method && one.path.test(path));
  const given = Object.keys(request.headers).find((name) => name.toLowerCase() === "idempotency-key");
  if (needed && !(given && request.headers[given])) {
    if (given) delete request.headers[given];
    request.headers["Idempotency-Key"] = crypto.randomUUID();
  }
}

function tokenSamples(document) {
  const schemas = Object.values(document.components?.schemas ?? {});
  return schemas.map((schema) => schema.properties?.refresh_token?.example).filter(Boolean);
}

function fillInRefreshToken(request, samples, token) {
  if (typeof request.body !== "string" || !token || !request.body.includes("refresh_token")) return;
  try {
    const body = JSON.parse(request.body);
    if (samples.has(body.refresh_token)) request.body = JSON.stringify({ ...body, refresh_token: token });
  } catch {
    // What cannot be read is the server's to refuse.
  }
}

/** Searches the names of operations too, not only those of their groups. */
function containing(groups, phrase) {
  const has = (text) => text?.toLowerCase().includes(phrase.toLowerCase());
  const matches = (one) =>
    has(one.get("path")) || has(one.getIn(["operation", "summary"])) || has(one.getIn(["operation", "operationId"]));
  const narrowed = groups.map((group, name) =>
    has(name) ? group : group.update("operations", (list) => list.filter(matches)));
  return narrowed.filter((group) => group.get("operations").size > 0);
}
