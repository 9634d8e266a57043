//! The unit knows the applicant, who becomes a member and may act as one at once; or it does not.

use actix_web::{post, web};
use domain::application::{self, Confirmation, DecisionError};
use domain::id::{ApplicationId, MemberId};
use domain::member::{Member, MemberCategory, MemberState};
use serde::Deserialize;
use storage::membership_applications::{self, Applicant};
use storage::{StorageError, identities, members};
use utoipa::ToSchema;
use uuid::Uuid;

use super::application_view::MembershipApplicationView;
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::error_code::ErrorCode;
use crate::http::input;
use crate::http::json::Json;
use crate::use_case::{UseCase, Work};

/// 退回入册申请
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RefuseApplicationRequest {
    /// 原因，申请人会看到，最多 200 字
    #[schema(example = "本单位没有这位同志")]
    reason: String,
}

/// 确认入册申请
///
/// 申请人进入本单位在职党员名册并与其微信绑定；名册上已有同一手机号、姓名和单位的党员时，直接绑定。
#[utoipa::path(tag = "名册", params(("id" = Uuid, Path, description = "申请编号")), responses(
    (status = 200, description = "已确认", body = MembershipApplicationView),
    (status = 404, description = "没有这份申请", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "已处理，或与名册不一致", body = Problem, content_type = "application/problem+json"),
))]
#[post("/membership-applications/{id}/confirmation")]
pub(super) async fn confirm_application(
    caller: Authorized<needs::ManageRoster>,
    id: web::Path<Uuid>,
    use_case: UseCase,
) -> ApiResult<web::Json<MembershipApplicationView>> {
    let id = ApplicationId::new(*id);
    let story = use_case.write("confirm_application", move |work| Box::pin(confirm(work, caller, id)));
    story.await.map(web::Json)
}

/// 退回入册申请
///
/// 申请人可以再次申请。
#[utoipa::path(tag = "名册", params(("id" = Uuid, Path, description = "申请编号")), responses(
    (status = 200, description = "已退回", body = MembershipApplicationView),
    (status = 404, description = "没有这份申请", body = Problem, content_type = "application/problem+json"),
    (status = 409, description = "已处理", body = Problem, content_type = "application/problem+json"),
    (status = 422, description = "须填写原因", body = Problem, content_type = "application/problem+json"),
))]
#[post("/membership-applications/{id}/refusal")]
pub(super) async fn refuse_application(
    caller: Authorized<needs::ManageRoster>,
    id: web::Path<Uuid>,
    request: Json<RefuseApplicationRequest>,
    use_case: UseCase,
) -> ApiResult<web::Json<MembershipApplicationView>> {
    let id = ApplicationId::new(*id);
    let reason = input::text("reason", &request.0.reason, 200)?;
    let story = use_case.write("refuse_application", move |work| {
        Box::pin(async move {
            let applicant = lock(work, &caller, id).await?;
            application::refuse(&applicant.application)?;
            membership_applications::refuse(&mut work.tx, id, &reason, caller.admin.id, work.now).await?;
            show(work, &caller, id).await
        })
    });
    story.await.map(web::Json)
}

async fn confirm(
    work: &mut Work,
    caller: Authorized<needs::ManageRoster>,
    id: ApplicationId,
) -> ApiResult<MembershipApplicationView> {
    let app = work.app.clone();
    let applicant = lock(work, &caller, id).await?;
    let identity = identities::lock(&mut work.tx, applicant.application.identity).await?;
    let identity = identity.ok_or_else(ApiError::not_found)?;
    let found = members::lock_on_roster(&mut work.tx, &app.vault, &[&applicant.phone]).await?.pop().flatten();
    let member = match application::confirm(&applicant.application, identity.member.is_some(), found.as_ref())? {
        Confirmation::Create => create(work, &applicant).await?,
        Confirmation::Match(member) => member,
    };
    let matched = identities::match_member(&mut work.tx, identity.id, member).await;
    matched.map_err(|error| {
        if identities::is_match_conflict(&error) { DecisionError::MemberTaken.into() } else { ApiError::from(error) }
    })?;
    membership_applications::confirm(&mut work.tx, id, member, caller.admin.id, work.now).await?;
    show(work, &caller, id).await
}

async fn create(work: &mut Work, applicant: &Applicant) -> ApiResult<MemberId> {
    let app = work.app.clone();
    let id = MemberId::new(Uuid::now_v7());
    let number = members::free_numbers(&work.tx, &[id]).await?.pop().unwrap_or_default();
    let member = Member {
        id,
        number,
        name: applicant.application.name.clone(),
        phone_tail: applicant.phone.tail().into(),
        unit: applicant.application.unit,
        category: MemberCategory::InService,
        state: MemberState::Active,
    };
    let kept = members::insert(&mut work.tx, &app.vault, &member, &applicant.phone, &applicant.record, work.now);
    kept.await.map_err(|error| match error {
        // An import took the number at this moment: the schema lets one in, and another try finds what it did.
        StorageError::Conflict { .. } => {
            let mut again = ApiError::new(ErrorCode::StillRunning, "名册正在更新，请稍等片刻再试");
            again.retry_after = Some(1);
            again
        }
        error => error.into(),
    })?;
    Ok(id)
}

async fn lock(work: &mut Work, caller: &Authorized<needs::ManageRoster>, id: ApplicationId) -> ApiResult<Applicant> {
    let app = work.app.clone();
    let found = membership_applications::lock_within(&mut work.tx, &app.vault, &caller.scope, id).await?;
    work.about("membership_application", id);
    found.ok_or_else(ApiError::not_found)
}

async fn show(
    work: &Work,
    caller: &Authorized<needs::ManageRoster>,
    id: ApplicationId,
) -> ApiResult<MembershipApplicationView> {
    let shown = membership_applications::find_within(&work.tx, &work.app.vault, &caller.scope, id).await?;
    Ok(shown.ok_or_else(ApiError::not_found)?.into())
}
