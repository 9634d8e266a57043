// `wx.request` as WeChat types it, and a generated client that speaks through it.

type Method = "GET" | "POST" | "PUT" | "DELETE" | "OPTIONS" | "HEAD" | "TRACE" | "CONNECT";

export interface RequestSuccess {
  data: string | Record<string, unknown> | ArrayBuffer;
  statusCode: number;
  header: Record<string, string>;
}

export interface RequestOption {
  url: string;
  method?: Method;
  data?: string | Record<string, unknown> | ArrayBuffer;
  header?: Record<string, string>;
  success?: (result: RequestSuccess) => void;
  fail?: (error: { errMsg: string }) => void;
}

export interface Wx {
  request(option: RequestOption): unknown;
}

/** What an operation of a generated client asks its transport for. */
interface Call {
  url: string;
  path?: Record<string, unknown>;
  query?: Record<string, unknown>;
  headers?: Record<string, unknown>;
  body?: unknown;
}

/** The transport of a generated client; `token` is asked for every call. */
export function through<Client>(wx: Wx, base: string, token: () => string | undefined): Client {
  const by = (method: Method) => (call: Call) =>
    new Promise((resolve, reject) => {
      wx.request({
        url: base + address(call),
        method,
        data: call.body as Record<string, unknown> | undefined,
        header: headers(call, token()),
        success: ({ statusCode, data }) => resolve(statusCode < 400 ? { data } : { error: data }),
        fail: reject,
      });
    });
  // The generated type also names what belongs to `fetch` alone: interceptors, streams, `Request` and `Response`.
  return { get: by("GET"), post: by("POST"), put: by("PUT"), delete: by("DELETE") } as unknown as Client;
}

function address({ url, path = {}, query = {} }: Call): string {
  const filled = url.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(path[name])));
  const pairs = Object.entries(query)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
  return pairs.length > 0 ? `${filled}?${pairs.join("&")}` : filled;
}

function headers(call: Call, token: string | undefined): Record<string, string> {
  const given = Object.entries(call.headers ?? {}).filter(([, value]) => value !== undefined && value !== null);
  const own = Object.fromEntries(given.map(([name, value]) => [name, String(value)]));
  return token ? { ...own, Authorization: `Bearer ${token}` } : own;
}

/** What an operation answered; a refusal becomes an error that says why. */
export function granted<Data, Refused>(result: { data?: Data; error?: Refused }): NonNullable<Data> {
  if (result.data === undefined || result.data === null) throw new Error(JSON.stringify(result.error));
  return result.data;
}
