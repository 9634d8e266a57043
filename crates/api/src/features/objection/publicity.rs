//! What is public before it is credited, for those who live there.

use actix_web::{get, web};
use storage::{enrolments, residencies};

use super::view::PublicServiceView;
use crate::auth::caller::CurrentMember;
use crate::error::ApiResult;
use crate::http::page::{Listed, PageQuery, page_request};
use crate::http::query::Query;
use crate::state::App;

/// 公示中的服务
///
/// 审核通过、尚未入账的服务：报到小区所在社区内各活动的，在该社区报到的党员的，以及本人的；姓名隐去名字。最近报名的在前。对他人的服务有异议的，可在
/// 公示截止前提出；有异议的在处理完毕之前不入账。
#[utoipa::path(tag = "公示和异议", params(PageQuery), responses(
    (status = 200, description = "公示列表", body = Listed<PublicServiceView>),
))]
#[get("/publicity")]
pub(super) async fn list_publicity(
    caller: CurrentMember,
    query: Query<PageQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<PublicServiceView>>> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let (read, member, now) = (app.database.read(), caller.member, app.clock.business());
    let community = residencies::community_of(&read, member).await?;
    let found = enrolments::list_public(&read, member, community.as_ref(), now, &page).await?;
    Ok(web::Json(Listed::of(found, |public| PublicServiceView::seen_by(member, public))))
}
