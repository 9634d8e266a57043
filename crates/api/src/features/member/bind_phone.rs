//! Binding the phone number that WeChat verified: on the roster it makes a member, elsewhere it is the way to apply.

use std::time::Duration;

use actix_web::{HttpRequest, post, web};
use domain::consent::{self, Purpose};
use domain::id::MemberId;
use domain::member::MemberState;
use domain::personal::Phone;
use domain::session::Session;
use serde::{Deserialize, Serialize};
use storage::{consents, identities, members, sessions};
use utoipa::ToSchema;
use wechat_auth::Error as WechatError;

use super::ticket;
use crate::auth::caller::CurrentIdentity;
use crate::auth::sign_in::TokenView;
use crate::error::{ApiError, ApiResult, Problem};
use crate::error_code::ErrorCode;
use crate::http::json::Json;
use crate::state::App;
use crate::use_case::{UseCase, Work};

/// 绑定手机号
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct BindPhoneRequest {
    /// 手机号按钮（getPhoneNumber）取得的 code，五分钟内有效，只能用一次；不是 wx.login 的 code
    #[schema(example = "phone:13800001234:1")]
    phone_code: String,
    /// 所同意的隐私政策版本
    #[schema(example = "2026-11")]
    policy_version: String,
}

/// 绑定结果
#[derive(Debug, Serialize, ToSchema)]
struct PhoneBindingView {
    /// 是否与单位名册匹配
    matched: bool,
    /// 匹配后的新登录凭证，请立即换用
    tokens: Option<TokenView>,
    /// 未匹配时用于提交入册申请的凭据，三十分钟内有效，只供本人使用
    #[schema(example = "AQEfW3k0c2…")]
    ticket: Option<String>,
}

enum Outcome {
    Matched(Session),
    Unknown,
}

/// 绑定手机号
///
/// 用微信验证过的手机号与单位名册核对，同时记录对隐私政策的同意。匹配后即可使用全部功能；未匹配时可凭 ticket 申请入册。
#[utoipa::path(tag = "党员", responses(
    (status = 200, description = "已核对", body = PhoneBindingView),
    (status = 403, description = "微信判定该账号存在风险", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "已绑定其他党员或其他微信，或隐私政策已更新", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "code 无效或已使用，或不是大陆手机号", body = Problem, content_type = "application/problem+json"),
    (status = 429, description = "过于频繁", body = Problem, content_type = "application/problem+json"),
))]
#[post("/phone")]
pub(super) async fn bind_phone(
    caller: CurrentIdentity,
    http: HttpRequest,
    request: Json<BindPhoneRequest>,
    use_case: UseCase,
    app: App,
) -> ApiResult<web::Json<PhoneBindingView>> {
    let Json(BindPhoneRequest { phone_code, policy_version }) = request;
    consent::accept(&policy_version)?;
    if phone_code.is_empty() || phone_code.len() > 256 {
        return Err(ApiError::field("phone_code", "应为手机号按钮取得的 code"));
    }
    app.limit(&format!("bind-phone:{}", caller.identity), 10, Duration::from_mins(10)).await?;
    let identity = identities::find(&app.database.read(), caller.identity).await?.ok_or_else(ApiError::not_found)?;
    let phone = app.wechat.phone_number(&phone_code, &identity.open_id).await.map_err(refusal);
    if let Err(refusal) = &phone
        && refusal.code.audited()
    {
        use_case.note_refusal("bind_phone", refusal).await;
    }
    let phone = Phone::parse(&phone?).map_err(|_| ApiError::field("phone_code", "只支持中国大陆手机号"))?;

    let ticket = ticket::issue(&app.vault, caller.identity, &phone, app.clock.wall());
    let story = use_case.write("bind_phone", move |work| Box::pin(bind(work, caller, phone, policy_version)));
    let outcome = story.await?;
    app.forget_sender(&http);
    let Outcome::Matched(session) = outcome else {
        return Ok(web::Json(PhoneBindingView { matched: false, tokens: None, ticket: Some(ticket) }));
    };
    let tokens = Some(app.token_view(&session).await?);
    Ok(web::Json(PhoneBindingView { matched: true, tokens, ticket: None }))
}

async fn bind(work: &mut Work, caller: CurrentIdentity, phone: Phone, policy_version: String) -> ApiResult<Outcome> {
    let app = work.app.clone();
    let identity = identities::lock(&mut work.tx, caller.identity).await?.ok_or_else(ApiError::not_found)?;
    work.about("wechat_identity", identity.id);
    consents::give(&mut work.tx, identity.id, Purpose::PrivacyPolicy, &policy_version, work.wall).await?;
    let on_roster = members::lock_on_roster(&mut work.tx, &app.vault, &[&phone]).await?.pop().flatten();
    let on_roster = on_roster.filter(|found| found.member.state == MemberState::Active);
    let found: Option<(MemberId, bool)> = on_roster.map(|found| (found.member.id, found.bound));
    match (identity.member, found) {
        (None, None) => return Ok(Outcome::Unknown),
        (None, Some((_, true))) => return Err(taken()),
        (None, Some((member, false))) => {
            let matched = identities::match_member(&mut work.tx, identity.id, member).await;
            // Two WeChat users at the same moment both find the member free; the schema lets one in.
            matched.map_err(|error| if identities::is_match_conflict(&error) { taken() } else { error.into() })?;
        }
        (Some(own), Some((member, _))) if own == member => {}
        (Some(_), _) => {
            return Err(ApiError::new(ErrorCode::AlreadyBound, "您的微信已绑定党员身份，不能再绑定其他手机号"));
        }
    }
    let session = sessions::find(&work.tx, caller.session).await?;
    Ok(Outcome::Matched(session.ok_or_else(|| ApiError::from(ErrorCode::Unauthenticated))?))
}

fn taken() -> ApiError {
    ApiError::new(ErrorCode::AlreadyBound, "该手机号对应的党员已绑定其他微信，请联系所在单位")
}

fn refusal(error: WechatError) -> ApiError {
    match error {
        WechatError::CodeInvalid(_) => {
            ApiError::new(ErrorCode::PhoneCodeInvalid, "手机号授权码无效或已使用，请重新点击获取手机号")
        }
        WechatError::UserBlocked(_) => ApiError::new(ErrorCode::LoginBlocked, "微信判定该账号存在风险，暂时不能绑定"),
        WechatError::TooManyRequests(_) => ApiError::too_many(60),
        WechatError::Busy(_) => ApiError::unavailable(error),
        _ => ApiError::internal(error),
    }
}
