// Runs the compiled journey with a `wx.request` over `fetch`: node run.cjs COMPILED KEYS

const [compiled, keys] = process.argv.slice(2);

const wx = {
  request({ url, method, data, header, success, fail }) {
    const body = data === undefined ? undefined : JSON.stringify(data);
    const headers = new Headers(header);
    if (!headers.has("content-type")) headers.set("content-type", "application/json"); // as WeChat does
    fetch(url, { method, body, headers })
      .then(async (response) => {
        const text = await response.text();
        const parsed = text && JSON.parse(text);
        success?.({ data: parsed, statusCode: response.status, header: Object.fromEntries(response.headers) });
      })
      .catch((error) => fail?.({ errMsg: String(error) }));
  },
};

require(compiled)
  .journey(wx, JSON.parse(keys))
  .then((lines) => console.log(JSON.stringify(lines)));
