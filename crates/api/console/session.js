// The session of one audience: its tokens live as long as this tab and are refreshed once for everybody who waits.

const SPARE_MS = 30_000;

/** What the server refused, in its own words. */
export class Problem extends Error {
  constructor(status, body) {
    super(body?.detail || `服务没有正常答复（${status}）`);
    this.status = status;
    this.code = body?.code;
  }
}

/** The problem that a response is. */
export async function problemOf(response) {
  return new Problem(response.status, await response.clone().json().catch(() => null));
}

/** Sends JSON, returns JSON; throws a Problem. */
async function exchange(send, path, body) {
  const headers = { "content-type": "application/json" };
  const options = body === undefined ? {} : { method: "POST", headers, body: JSON.stringify(body) };
  let response;
  try {
    response = await send(path, options);
  } catch (cause) {
    throw cause instanceof Problem ? cause : new Problem(0, { detail: "连接不上服务，请检查网络后再试" });
  }
  if (!response.ok) throw await problemOf(response);
  return response.status === 204 ? null : response.json();
}

export class Session extends EventTarget {
  #audience;
  #tokens = null;
  #refreshing = null;

  constructor(audience) {
    super();
    this.#audience = audience;
    this.#tokens = JSON.parse(sessionStorage.getItem(this.#place) ?? "null");
  }

  get #place() {
    return `zhixiang.${this.#audience}`;
  }

  get signedIn() {
    return this.#tokens !== null;
  }

  get refreshToken() {
    return this.#tokens?.refresh;
  }

  /** Takes the tokens of an answer, or forgets those it has. */
  keep(view) {
    const ends = Date.now() + (view?.expires_in ?? 0) * 1000;
    this.#tokens = view && { access: view.access_token, refresh: view.refresh_token, ends };
    if (view) sessionStorage.setItem(this.#place, JSON.stringify(this.#tokens));
    else sessionStorage.removeItem(this.#place);
    this.dispatchEvent(new Event("change"));
  }

  async signIn(path, body) {
    this.keep(await exchange(fetch, path, body));
  }

  async signOut() {
    const body = { refresh_token: this.refreshToken };
    await exchange((url, options) => this.fetch(url, options), "/api/v1/auth/logout", body).catch(() => null);
    this.keep(null);
  }

  /** Asks for JSON with the token. */
  ask(path, body) {
    return exchange((url, options) => this.fetch(url, options), path, body);
  }

  /** `fetch` with the token; a token that has run out is refreshed, and the same request sent again, once. */
  async fetch(url, options = {}) {
    const signing = new URL(url, location.origin).pathname.startsWith("/api/v1/auth/");
    if (this.#tokens && !signing && Date.now() > this.#tokens.ends - SPARE_MS) await this.#refresh(this.#tokens.access);
    const used = this.#tokens?.access;
    const response = await this.#send(url, options, used);
    if (response.status !== 401 || !used || signing) return response;
    const { code } = await problemOf(response);
    if (code !== "unauthenticated" || !(await this.#refresh(used))) return response;
    return this.#send(url, options, this.#tokens.access);
  }

  #send(url, options, access) {
    const headers = new Headers(options.headers);
    if (access) headers.set("authorization", `Bearer ${access}`);
    return fetch(url, { ...options, headers });
  }

  /** Whether there is now another access token than the one that did not work. */
  async #refresh(stale) {
    if (this.#tokens && this.#tokens.access !== stale) return true;
    this.#refreshing ??= this.#rotate().finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  async #rotate() {
    if (!this.#tokens) return false;
    try {
      this.keep(await exchange(fetch, "/api/v1/auth/refresh", { refresh_token: this.refreshToken }));
      return true;
    } catch (problem) {
      if (problem.status === 401) {
        this.keep(null);
        this.dispatchEvent(new Event("ended"));
      }
      return false;
    }
  }
}
