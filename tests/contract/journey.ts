// What a mini-program and a console do with the generated clients: compiled under `strict`, and run against a server.

import * as admin from "./admin";
import type { Client as AdminClient } from "./admin/client";
import * as member from "./member";
import type { Client as MemberClient } from "./member/client";
import * as merchant from "./merchant";
import type { Client as MerchantClient } from "./merchant/client";
import { granted, through, type Wx } from "./wx";

export interface Keys {
  base: string;
  memberCode: string;
  shopCode: string;
  admin: admin.AdminLogInRequest;
}

/** Signs three people in and says who they are. */
export async function journey(wx: Wx, keys: Keys): Promise<string[]> {
  let memberToken: string | undefined;
  const phone = through<MemberClient>(wx, keys.base, () => memberToken);
  const signedIn: member.TokenView = granted(
    await member.logInWechat({ client: phone, body: { code: keys.memberCode, audience: "member" } }),
  );
  memberToken = signedIn.access_token;
  const own: member.OwnMemberView = granted(await member.showOwnMember({ client: phone }));

  let shopToken: string | undefined;
  const shop = through<MerchantClient>(wx, keys.base, () => shopToken);
  shopToken = granted(
    await merchant.logInWechat({ client: shop, body: { code: keys.shopCode, audience: "merchant" } }),
  ).access_token;
  const staff: merchant.OwnStaffView = granted(await merchant.showOwnStaff({ client: shop }));

  let adminToken: string | undefined;
  const desk = through<AdminClient>(wx, keys.base, () => adminToken);
  const refused = await admin.logInAdmin({ client: desk, body: { ...keys.admin, password: "wrong" } });
  const problem: admin.Problem | undefined = refused.error;
  adminToken = granted(await admin.logInAdmin({ client: desk, body: keys.admin })).access_token;
  const admins: admin.OwnAdminView = granted(await admin.showOwnAdmin({ client: desk }));

  return [
    own.member?.name ?? "nobody",
    staff.bound ? "staff" : "stranger",
    problem?.code ?? "no problem",
    ...admins.roles.map(({ role }) => role),
  ];
}
