// The console: who is signed in where, and the contract that is shown.

import { draw, labels, load } from "./contract.js";
import { Problem, Session, problemOf } from "./session.js";

const byId = (id) => document.getElementById(id);
const AUDIENCES = ["admin", "member", "merchant"];
const sessions = Object.fromEntries(AUDIENCES.map((audience) => [audience, new Session(audience)]));
let callable = [];
let shown = null;

// ---- what is shown ------------------------------------------------------------------------------------------------

async function show(audience) {
  shown = audience;
  history.replaceState(null, "", `#${audience}`);
  for (const tab of document.querySelectorAll("nav button")) {
    tab.toggleAttribute("aria-current", tab.dataset.audience === audience);
  }
  byId("contract").replaceChildren();
  await arrange();
}

/** Shows what fits the session of the shown audience. */
async function arrange() {
  const audience = shown;
  const session = sessions[audience];
  const calls = callable.includes(audience);
  byId("admin-sign-in").hidden = audience !== "admin" || session.signedIn;
  byId("wechat-sign-in").hidden = audience === "admin" || session.signedIn || !calls;
  byId("reading-only").hidden = calls;
  byId("password-due").hidden = true;
  byId("waiting").hidden = true;
  byId("own").hidden = true;
  const contract = byId("contract");
  contract.hidden = audience === "admin" && !session.signedIn;
  if (!byId("admin-sign-in").hidden) byId("admin-sign-in").elements.account.focus();

  const document = await load(audience);
  if (audience !== shown) return;
  if (!byId("wechat-sign-in").hidden) suggestCode(document);
  if (!contract.hidden && !contract.hasChildNodes()) {
    draw(contract, document, {
      callable: calls,
      fetching: (url, options) => session.fetch(url, options),
      refreshToken: () => session.refreshToken,
      answered,
    });
  }
  if (session.signedIn && calls) await introduce(audience, document);
}

/** Says who is signed in, and what waits for them. */
async function introduce(audience, document) {
  try {
    const own = await sessions[audience].ask(`/api/v1/${audience}/me`);
    if (audience !== shown || !sessions[audience].signedIn) return;
    byId("who").textContent = audience === "admin" ? admin(own, labels(document, "Role")) : person(own);
    byId("password-due").hidden = !own.must_change_password;
    byId("waiting").hidden = audience !== "admin";
    if (audience === "admin") byId("waiting").textContent = waiting(own.waiting, labels(document, "Waiting"));
  } catch (problem) {
    if (audience !== shown || !sessions[audience].signedIn) return;
    byId("who").textContent = problem.message;
  }
  for (const button of byId("own").querySelectorAll("[data-only]")) button.hidden = button.dataset.only !== audience;
  byId("own").hidden = false;
}

function admin(own, roles) {
  const held = own.roles.map(({ role, node }) => `${node} ${roles[role] ?? role}`);
  return `${own.name}（${own.account}） · ${held.join("、") || "尚无角色"}`;
}

/** What waits for a decision; the server counts no further than a hundred. */
function waiting(desk, kinds) {
  const lines = desk.map(({ kind, count }) => `${kinds[kind] ?? kind} ${count < 100 ? count : "至少 100"} 件`);
  return lines.length ? `待办：${lines.join("，")}` : "没有待办";
}

function person(own) {
  if (!own.bound) return "已登录，尚未绑定";
  const { member } = own;
  const words = member ? [member.name, member.number, member.unit] : [own.name, own.merchant_name, own.store_name];
  return words.join(" · ");
}

/** A login code that was not used yet, of the person whom the contract names. */
function suggestCode(document) {
  const sample = document.components.schemas.WechatLogInRequest?.properties.code.example ?? "login:someone:1";
  const [kind, someone] = sample.split(":");
  const nonce = Date.now().toString(36);
  byId("wechat-sign-in").elements.code.value = `${kind}:${someone}:${nonce}`;
}

// ---- what was answered --------------------------------------------------------------------------------------------

/** Sees every response of Swagger UI: takes new tokens, says in words what was refused and what waits after a change. */
async function answered(method, path, response) {
  byId("notices").replaceChildren();
  if (!response.ok) {
    const problem = await problemOf(response);
    notify(problem.message);
    if (problem.code === "step_up_required") open("step-up-dialog");
    return;
  }
  if (/\/(admin-login|wechat-login|refresh|step-up)$/.test(path)) {
    const view = await response.clone().json();
    sessions[view.audience]?.keep(view);
  } else if (method !== "GET" && shown === "admin") {
    introduce("admin", await load("admin"));
  }
}

function notify(text) {
  const notice = document.createElement("p");
  notice.textContent = text;
  byId("notices").prepend(notice);
  setTimeout(() => notice.remove(), 10_000);
}

// ---- what people do -----------------------------------------------------------------------------------------------

/** Sends a form's fields; a refusal is shown in the form. */
function onSubmit(form, act) {
  const problem = form.querySelector(".problem");
  const submit = form.querySelector("[type=submit]");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    problem.textContent = "";
    submit.disabled = true;
    try {
      await act(Object.fromEntries(new FormData(form)));
      form.reset();
    } catch (error) {
      problem.textContent = error instanceof Problem ? error.message : "出了意外，请刷新页面再试";
      if (form.elements.totp) form.elements.totp.value = "";
    } finally {
      submit.disabled = false;
    }
  });
}

function open(dialog) {
  const form = byId(dialog).querySelector("form");
  form.reset();
  form.querySelector(".problem").textContent = "";
  if (!byId(dialog).open) byId(dialog).showModal();
}

onSubmit(byId("admin-sign-in"), (fields) => sessions.admin.signIn("/api/v1/auth/admin-login", fields));
onSubmit(byId("wechat-sign-in"), ({ code }) =>
  sessions[shown].signIn("/api/v1/auth/wechat-login", { code, audience: shown }));
onSubmit(byId("step-up-dialog").querySelector("form"), async (fields) => {
  sessions.admin.keep(await sessions.admin.ask("/api/v1/admin/step-up", fields));
  byId("step-up-dialog").close();
  notify("已再次验证，五分钟内有效；请重新执行刚才的操作。");
});
onSubmit(byId("password-dialog").querySelector("form"), async (fields) => {
  await sessions.admin.ask("/api/v1/admin/password", fields);
  byId("password-dialog").close();
  sessions.admin.keep(null);
  notify("密码已修改，请用新密码登录。");
});
byId("step-up").addEventListener("click", () => open("step-up-dialog"));
byId("change-password").addEventListener("click", () => open("password-dialog"));
byId("sign-out").addEventListener("click", () => sessions[shown].signOut());
for (const button of document.querySelectorAll("[data-close]")) {
  button.addEventListener("click", () => button.closest("dialog").close());
}
for (const tab of document.querySelectorAll("nav button")) {
  tab.addEventListener("click", () => show(tab.dataset.audience));
}
for (const audience of AUDIENCES) {
  let was = sessions[audience].signedIn;
  sessions[audience].addEventListener("change", () => {
    const is = sessions[audience].signedIn;
    if (audience === shown && is !== was) arrange();
    was = is;
  });
  sessions[audience].addEventListener("ended", () => notify("登录已失效，请重新登录"));
}

const settings = await fetch("/console/settings.json");
({ callable } = await settings.json());
await show(AUDIENCES.find((audience) => location.hash === `#${audience}`) ?? "admin");
