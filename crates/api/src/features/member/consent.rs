//! The privacy policy, and consent to what it says.

use actix_web::{HttpRequest, HttpResponse, delete, get, post, web};
use domain::code::Code;
use domain::consent::{self, POLICY_VERSION, Purpose};
use serde::{Deserialize, Serialize};
use storage::consents::{self, Consent};
use storage::identities;
use utoipa::ToSchema;

use crate::auth::caller::CurrentIdentity;
use crate::error::{ApiError, ApiResult, Problem};
use crate::http::coded::Coded;
use crate::http::json::Json;
use crate::http::time::BeijingTime;
use crate::state::App;
use crate::use_case::UseCase;

type PurposeCode = Coded<Purpose>;

const SUMMARY: &str = "“智享平城”为核对党员身份、办理报到、记录志愿服务和积分，处理您的微信标识、手机号、姓名、工作单位、\
    所在党组织、入党时间、居住楼栋和服务记录。手机号和党员档案加密保存，只有您所在单位和有权限的管理员可以按职责查看，\
    查看完整信息会留下记录。签到时的精确位置须另行同意。对个人信息的处理有疑问，可以通过“投诉建议”提出。";

/// 隐私政策
#[derive(Debug, Serialize, ToSchema)]
struct PrivacyPolicyView {
    /// 版本，同意时原样带回
    #[schema(example = "2026-11")]
    version: &'static str,
    /// 摘要
    #[schema(example = "“智享平城”为核对党员身份、办理报到、记录志愿服务和积分，处理您的……")]
    summary: &'static str,
}

/// 同意
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ConsentRequest {
    /// 用途
    purpose: PurposeCode,
    /// 所阅读的隐私政策版本
    #[schema(example = "2026-11")]
    policy_version: String,
}

/// 已作出的同意
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ConsentView {
    /// 用途
    purpose: PurposeCode,
    /// 隐私政策版本
    #[schema(example = "2026-11")]
    policy_version: String,
    /// 同意的时间
    given_at: BeijingTime,
}

/// 查看隐私政策
///
/// 尚未绑定的用户也可以调用。
#[utoipa::path(tag = "党员", responses((status = 200, description = "现行隐私政策", body = PrivacyPolicyView)))]
#[get("/privacy-policy")]
pub(super) async fn show_privacy_policy(_: CurrentIdentity) -> web::Json<PrivacyPolicyView> {
    web::Json(PrivacyPolicyView { version: POLICY_VERSION, summary: SUMMARY })
}

/// 同意隐私政策
///
/// 按用途分别同意；只接受现行版本。重复提交得到第一次的结果。
#[utoipa::path(tag = "党员", responses(
    (status = 200, description = "已同意", body = ConsentView),
    (status = 409, description = "隐私政策已更新", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "填写有误", body = Problem, content_type = "application/problem+json"),
))]
#[post("/consents")]
pub(super) async fn give_consent(
    caller: CurrentIdentity,
    http: HttpRequest,
    request: Json<ConsentRequest>,
    use_case: UseCase,
    app: App,
) -> ApiResult<web::Json<ConsentView>> {
    let Json(ConsentRequest { purpose: Coded(purpose), policy_version }) = request;
    consent::accept(&policy_version)?;
    let story = use_case.write("give_consent", move |work| {
        Box::pin(async move {
            identities::lock(&mut work.tx, caller.identity).await?.ok_or_else(ApiError::not_found)?;
            work.about("wechat_identity", caller.identity);
            let given = consents::give(&mut work.tx, caller.identity, purpose, &policy_version, work.wall).await?;
            Ok(given.into())
        })
    });
    let given = story.await?;
    app.forget_sender(&http);
    Ok(web::Json(given))
}

/// 撤回同意
///
/// 撤回后不再按这一用途处理个人信息；撤回隐私政策的，重新同意之前其他功能答复 consent_required，其他手机上最迟五秒后生效。已有的服务和积分记录不受影响。
#[utoipa::path(tag = "党员", params(("purpose" = PurposeCode, Path, description = "用途")), responses(
    (status = 204, description = "已撤回"),
    (status = 404, description = "没有同意过", body = Problem, content_type = "application/problem+json"),
))]
#[delete("/consents/{purpose}")]
pub(super) async fn withdraw_consent(
    caller: CurrentIdentity,
    http: HttpRequest,
    purpose: web::Path<String>,
    use_case: UseCase,
    app: App,
) -> ApiResult<HttpResponse> {
    let purpose = Purpose::from_code(&purpose).ok_or_else(ApiError::not_found)?;
    let story = use_case.write("withdraw_consent", move |work| {
        Box::pin(async move {
            identities::lock(&mut work.tx, caller.identity).await?.ok_or_else(ApiError::not_found)?;
            work.about("wechat_identity", caller.identity);
            let held = consents::withdraw(&mut work.tx, caller.identity, purpose, work.wall).await?;
            if held { Ok(()) } else { Err(ApiError::not_found()) }
        })
    });
    story.await?;
    app.forget_sender(&http);
    Ok(HttpResponse::NoContent().finish())
}

impl From<Consent> for ConsentView {
    fn from(consent: Consent) -> Self {
        Self {
            purpose: Coded(consent.purpose),
            policy_version: consent.policy_version,
            given_at: consent.given_at.into(),
        }
    }
}
